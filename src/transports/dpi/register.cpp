#include "transports/dpi/dpi_transport.hpp"

namespace kanal::transports::dpi {

Factory factory() {
  return {ServiceIdentifier("DPI"),
          "difi.move.feature.enableDPI",
          {"eformidling:dpi"},
          [](const Resources& resources) -> Result<std::unique_ptr<ports::Transport>> {
            auto settings = read_settings(resources.config, resources.identities.front());
            if (!settings) return failed(settings);
            for (const auto* warnings : {&settings->channel_warnings, &settings->warnings}) {
              for (const auto& warning : *warnings) resources.log.warning("dpi_setting", {{"reason", warning}});
            }
            return std::make_unique<DpiTransport>(std::move(*settings), resources);
          }};
}

}  // namespace kanal::transports::dpi
