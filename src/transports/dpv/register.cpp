#include "transports/dpv/dpv_transport.hpp"

namespace kanal::transports::dpv {

Factory factory() {
  return {ServiceIdentifier("DPV"),
          "difi.move.feature.enableDPV",
          {"eformidling:dpv"},
          [](const Resources& resources) -> Result<std::unique_ptr<ports::Transport>> {
            auto settings = read_settings(resources.config, resources.identities.front());
            if (!settings) return failed(settings);
            for (const auto& warning : settings->warnings) {
              resources.log.warning("dpv_setting", {{"reason", warning}});
            }
            return std::make_unique<DpvTransport>(std::move(*settings), resources);
          }};
}

}  // namespace kanal::transports::dpv
