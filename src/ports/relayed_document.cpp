#include "ports/relayed_document.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "domain/json_text.hpp"

namespace kanal::ports {
namespace {

namespace json = boost::json;
constexpr std::string_view sbd_member = "sbd";
constexpr std::string_view taken_member = "taken";
constexpr std::string_view sent_as_member = "sentAs";

}  // namespace

std::string write_relayed(const InboundDocument& document, Time taken) {
  // The SBD is a text in it: what its reader accepts, control characters and all, arrives as it was.
  json::object line{{sbd_member, domain::write_sbd(document.sbd)}, {taken_member, format_iso(taken)}};
  if (!document.sent_as.empty()) line[sent_as_member] = document.sent_as;
  return json::serialize(line);
}

Result<InboundDocument> read_relayed(std::string_view line) {
  constexpr std::size_t max_depth = 4;
  json::parse_options options;
  options.max_depth = max_depth;
  json::error_code error;
  const auto parsed = line.size() > max_relayed_line ? json::value{} : json::parse(line, error, {}, options);
  const auto* object = error ? nullptr : parsed.if_object();
  if (object == nullptr) return reject("hub.document", "the hub gave something that is no document");
  auto reading = domain::read_sbd(domain::text_member(*object, sbd_member));
  if (!reading) return failed(std::move(reading).error(), "the hub gave a document that cannot be read");
  InboundDocument document;
  document.sbd = std::move(reading->sbd);
  document.sent_as = domain::text_member(*object, sent_as_member);
  if (const auto taken = parse_iso(domain::text_member(*object, taken_member))) document.taken = taken->utc;
  return document;
}

}  // namespace kanal::ports
