// formats/arkivmelding behind the flow's port, with the schema that the operator may have named.
#pragma once

#include <optional>

#include "base/log.hpp"
#include "formats/arkivmelding.hpp"
#include "formats/xml.hpp"
#include "formats/xml_schema.hpp"
#include "ops/config.hpp"
#include "ports/documents.hpp"

namespace kanal::app {

/// What becomes of an arkivmelding.xml that breaks the schema (kanal.arkivmelding.validate).
enum class SchemaPolicy { warn, refuse };

struct SchemaCheck {
  formats::XmlSchema schema;
  SchemaPolicy policy = SchemaPolicy::warn;
};

/// From kanal.arkivmelding.schema and kanal.arkivmelding.validate; absent when no schema is named or the check is off.
/// `config.value`, `schema.unreadable`, `schema.remote`.
Result<std::optional<SchemaCheck>> read_schema_check(const ops::Config& config);

class ArkivmeldingAdapter final : public ports::ArkivmeldingReader {
 public:
  ArkivmeldingAdapter(std::optional<SchemaCheck> check, Log& log) : check_(std::move(check)), log_(log) {}

  /// Also `arkivmelding.schema`: line and rule of the first breach, no value of the document.
  Result<ports::ArkivmeldingFacts> read(Source& xml) override;

 private:
  std::optional<SchemaCheck> check_;
  Log& log_;
};

}  // namespace kanal::app
