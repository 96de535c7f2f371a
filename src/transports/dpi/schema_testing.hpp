// Documents held against the published JSON schemas of DPI. Never included by product code.
#pragma once

#include <memory>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "base/testing.hpp"

namespace kanal::transports::dpi::testing {

/// What the schema of `type` (`digital`, `leveringskvittering`, ...) does not allow; empty when it is valid.
inline std::string schema_breach(const boost::json::value& document, const std::string& type) {
  using Adapter = valijson::adapters::BoostJsonAdapter;
  const auto folder = kanal::testing::shared_data() / "dpi" / "schema";
  const auto read = [](const std::filesystem::path& file) {
    return boost::json::parse(kanal::testing::read_file(file));
  };
  // Parts refer to each other by addresses; where they lie here is told by their last name.
  const auto fetch = [&](const std::string& uri) -> const boost::json::value* {
    const auto name = uri.substr(uri.rfind('/') + 1);
    for (const auto* place : {"common", "dpi"}) {
      if (exists(folder / place / name)) return new boost::json::value(read(folder / place / name));
    }
    return nullptr;
  };
  const auto release = [](const boost::json::value* part) { delete part; };
  const auto schema_json = read(folder / "dpi" / ("innbyggerpost_dpi_" + type + "_1_0.schema.json"));
  valijson::Schema schema;
  valijson::SchemaParser parser;
  parser.populateSchema(Adapter(schema_json), schema, fetch, release);
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(schema, Adapter(document), &results)) return {};
  std::string text;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    for (const auto& step : error.context) text += step;
    text += ": " + error.description + "\n";
  }
  return text.empty() ? "not valid" : text;
}

}  // namespace kanal::transports::dpi::testing
