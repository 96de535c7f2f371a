#include "transports/dpf/dpf_transport.hpp"

namespace kanal::transports::dpf {

Factory factory() {
  Factory factory{ServiceIdentifier("DPF"),
                  "difi.move.feature.enableDPF",
                  {"eformidling:dpf"},
                  [](const Resources& resources) -> Result<std::unique_ptr<ports::Transport>> {
                    auto out = read_settings(resources.config, resources.identities.front());
                    if (!out) return failed(out);
                    auto in = read_inn_settings(resources.config, resources.identities);
                    if (!in) return failed(in);
                    for (const auto* warnings : {&out->warnings, &in->warnings}) {
                      for (const auto& warning : *warnings) resources.log.warning("dpf_setting", {{"reason", warning}});
                    }
                    return std::make_unique<DpfTransport>(std::move(*out), std::move(*in), resources);
                  }};
  // Receiving works alone, too (dpf.md 8.1).
  factory.or_property = "difi.move.fiks.inn.enable";
  return factory;
}

}  // namespace kanal::transports::dpf
