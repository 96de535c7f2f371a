#include "app/arkivmelding_adapter.hpp"

#include <filesystem>

#include <fmt/format.h>

namespace kanal::app {

Result<std::optional<SchemaCheck>> read_schema_check(const ops::Config& config) {
  const auto policy = config.text_or("kanal.arkivmelding.validate", "warn");
  if (policy != "warn" && policy != "refuse" && policy != "off") {
    return reject("config.value",
                  fmt::format("kanal.arkivmelding.validate = \"{}\": must be warn, refuse or off", policy));
  }
  const auto named = config.text_or("kanal.arkivmelding.schema", "");
  if (named.empty() || policy == "off") return std::optional<SchemaCheck>{};
  constexpr std::string_view prefix = "file:";
  const auto path = named.starts_with(prefix) ? named.substr(prefix.size()) : named;
  auto schema = formats::XmlSchema::load(config.folder() / path);
  if (!schema) return failed(schema);
  return std::optional(SchemaCheck{std::move(*schema), policy == "refuse" ? SchemaPolicy::refuse : SchemaPolicy::warn});
}

Result<ports::ArkivmeldingFacts> ArkivmeldingAdapter::read(Source& xml) {
  auto text = read_all(xml, formats::max_xml_bytes);
  if (!text) return reject("xml.too_large", "arkivmelding.xml: " + text.error().message);
  auto arkivmelding = formats::read_arkivmelding(*text);
  if (!arkivmelding) return failed(arkivmelding);
  if (check_) {
    auto breach = check_->schema.validate(*text);
    if (!breach) return failed(breach);
    if (*breach) {
      const auto& first = **breach;
      const auto told = fmt::format("arkivmelding.xml breaks its schema, line {}: {}{}", first.line, first.text,
                                    first.count > 1 ? fmt::format(" (and {} more)", first.count - 1) : "");
      if (check_->policy == SchemaPolicy::refuse) return reject("arkivmelding.schema", told);
      log_.warning("arkivmelding_breaks_schema", {{"reason", told}});
    }
  }
  return ports::ArkivmeldingFacts{std::move(arkivmelding->offentlig_tittel), std::move(arkivmelding->message_reference),
                                  std::move(arkivmelding->referenced_files)};
}

}  // namespace kanal::app
