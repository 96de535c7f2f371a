#include "ops/data_folder.hpp"
#include "transports/dpo/dpo_transport.hpp"
#include "transports/dpo/installation_id.hpp"

namespace kanal::transports::dpo {

Factory factory() {
  return {ServiceIdentifier("DPO"),
          "difi.move.feature.enableDPO",
          {"eformidling:dpo"},
          [](const Resources& resources) -> Result<std::unique_ptr<ports::Transport>> {
            auto settings = read_settings(resources.config, resources.identities.front());
            if (!settings) return failed(settings);
            if (settings->describe_installation) {
              auto folder = ops::data_folder(resources.config);
              if (!folder) return failed(folder);
              auto id = installation_id(*folder);
              if (!id) return failed(id);
              settings->installation_id = std::move(*id);
            }
            return std::make_unique<DpoTransport>(std::move(*settings), resources);
          }};
}

}  // namespace kanal::transports::dpo
