#include "transports/dpfio/dpfio_transport.hpp"

namespace kanal::transports::dpfio {

/// The Service Registry knows nothing of Fiks IO (dpfio.md, "Status of the service"), so it is asked with no scope.
Factory factory() {
  return {ServiceIdentifier("DPFIO"),
          "difi.move.feature.enableDPFIO",
          {},
          [](const Resources& resources) -> Result<std::unique_ptr<ports::Transport>> {
            auto settings = read_settings(resources.config, resources.identities.front());
            if (!settings) return failed(settings);
            return std::make_unique<DpfioTransport>(std::move(*settings), resources);
          }};
}

}  // namespace kanal::transports::dpfio
