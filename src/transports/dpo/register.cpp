#include "transports/dpo/dpo_transport.hpp"

namespace kanal::transports::dpo {

Factory factory() {
  return {ServiceIdentifier("DPO"),
          "difi.move.feature.enableDPO",
          {"eformidling:dpo"},
          [](const Resources& resources) -> Result<std::unique_ptr<ports::Transport>> {
            auto settings = read_settings(resources.config, resources.identities.front());
            if (!settings) return failed(settings);
            return std::make_unique<DpoTransport>(std::move(*settings), resources);
          }};
}

}  // namespace kanal::transports::dpo
