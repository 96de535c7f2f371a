#include "tests/seventh/seventh_transport.hpp"

namespace kanal::transports::seventh {

Factory factory() {
  return {ServiceIdentifier("DPX"),
          "difi.move.feature.enableDPX",
          {},
          [](const Resources& resources) -> Result<std::unique_ptr<ports::Transport>> {
            auto folder = resources.config.required("kanal.seventh.folder");
            if (!folder) return failed(folder);
            auto own = resources.config.required("difi.move.org.number");
            if (!own) return failed(own);
            return std::make_unique<SeventhTransport>(*folder, "0192:" + *own);
          }};
}

}  // namespace kanal::transports::seventh
