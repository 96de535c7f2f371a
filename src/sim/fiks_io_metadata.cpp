#include "sim/fiks_io_metadata.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "sim/answers.hpp"
#include "sim/json_members.hpp"

namespace kanal::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view place = "metadata";
/// What an AMQP broker can carry as the expiration of a message.
constexpr std::int64_t max_ttl = 4'294'967'295;
/// All custom headers together; they must fit in one frame.
constexpr std::size_t max_header_bytes = 32'768;
/// A field name has 255 bytes at most, and a prefix.
constexpr std::size_t max_header_name = 200;

/// `^[0-9a-zæøåA-ZÆØÅ.]+$`
bool is_message_type(std::string_view text) {
  constexpr std::array<std::string_view, 6> norwegian{"æ", "ø", "å", "Æ", "Ø", "Å"};
  if (text.empty()) return false;
  while (!text.empty()) {
    const char c = text.front();
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    const bool letter = std::ranges::any_of(norwegian, [&](std::string_view one) { return text.starts_with(one); });
    if (!plain && !letter) return false;
    text.remove_prefix(plain ? 1 : 2);
  }
  return true;
}

const TextRule uuid{0, SIZE_MAX, is_uuid, "uuid"};
const TextRule message_type{1, 255, is_message_type, "message type"};

/// Clients write absent members as null.
json::object without_nulls(const json::object& object) {
  json::object out;
  for (const auto& member : object) {
    if (!member.value().is_null()) out[member.key()] = member.value();
  }
  return out;
}

void read_headers(Members& members, FiksIoMessage& into) {
  const auto* value = members.optional("headere");
  if (value == nullptr) return;
  const auto* object = value->if_object();
  if (object == nullptr) return members.note("headere is no object");
  std::size_t bytes = 0;
  for (const auto& member : *object) {
    const auto* text = member.value().if_string();
    if (text == nullptr) return members.note(fmt::format("headere.{} is no text", std::string_view(member.key())));
    if (member.key().empty() || member.key().size() > max_header_name) {
      return members.note("headere has a name that is empty or too long");
    }
    bytes += member.key().size() + text->size();
    into.headere.emplace(member.key(), *text);
  }
  if (bytes > max_header_bytes) members.note("headere is too large");
}

}  // namespace

Result<FiksIoMessage> read_fiks_io_metadata(std::string_view text, const FiksIoRules& rules) {
  const auto parsed = parse_object(text);
  if (!parsed) return reject("fiksio.metadata", parsed.error().message);
  const json::value object(without_nulls(*parsed));
  Violation violation;
  Members members(object, std::string(place), violation);
  FiksIoMessage out;
  out.from = lower_case(members.text("avsenderKontoId", uuid));
  out.to = lower_case(members.text("mottakerKontoId", uuid));
  out.type = members.text("meldingType", message_type);
  if (auto answered = members.optional_text("svarPaMelding", uuid)) out.svar_til = lower_case(*answered);
  if (const auto ttl = members.optional_integer("ttl")) {
    if (*ttl < rules.min_ttl.count()) members.note(fmt::format("ttl is less than {}", rules.min_ttl.count()));
    if (*ttl > max_ttl) members.note(fmt::format("ttl is more than {}", max_ttl));
    out.ttl = std::chrono::milliseconds(*ttl);
  }
  read_headers(members, out);
  members.no_others();
  if (violation) return reject("fiksio.metadata", *violation);
  return out;
}

}  // namespace kanal::sim
