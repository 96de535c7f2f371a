#include "transports/dpe/dpe_transport.hpp"

namespace kanal::transports::dpe {

Factory factory() {
  return {ServiceIdentifier("DPE"),
          "difi.move.feature.enableDPE",
          {"eformidling:dpe"},
          [](const Resources& resources) -> Result<std::unique_ptr<ports::Transport>> {
            auto settings = read_settings(resources.config, resources.identities.front());
            if (!settings) return failed(settings);
            return std::make_unique<DpeTransport>(std::move(*settings), resources);
          }};
}

}  // namespace kanal::transports::dpe
