//   message ::= section...            section ::= 0x00 descriptor value
//   descriptor ::= 0x53 code | 0x80 code(8)
//   code: 0x70 header, 0x71 delivery annotations, 0x72 message annotations, 0x73 properties,
//         0x74 application properties, 0x75 data, 0x76 sequence, 0x77 value, 0x78 footer
//   data value ::= 0xa0 size(1) bytes | 0xb0 size(4) bytes
#include "net/amqp10_message.hpp"

#include <algorithm>
#include <memory>

#include <proton/codec.h>

#include "net/socket_bio.hpp"

namespace kanal::net {
namespace {

using Data = std::unique_ptr<pn_data_t, Release<pn_data_free>>;

constexpr std::uint64_t header_code = 0x70;
constexpr std::uint64_t annotations_code = 0x72;
constexpr std::uint64_t properties_code = 0x73;
constexpr std::uint64_t application_code = 0x74;
constexpr std::uint64_t data_code = 0x75;
constexpr std::uint64_t value_code = 0x77;
/// Deeper values are not understood.
constexpr int most_depth = 8;

tl::unexpected<Error> unreadable(std::string_view what) {
  return reject("amqp10.protocol", "A message of AMQP 1.0 cannot be read: " + std::string(what));
}

std::string_view view(pn_bytes_t bytes) { return {bytes.start, bytes.size}; }
pn_bytes_t wire(std::string_view text) { return pn_bytes(text.size(), text.data()); }

Amqp10Uuid uuid_of(const pn_uuid_t& from) {
  Amqp10Uuid out;
  std::ranges::transform(from.bytes, out.bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return out;
}

// Reading.

Amqp10Value read_value(pn_data_t* data, int depth);

Amqp10List read_items(pn_data_t* data, std::size_t count, int depth) {
  Amqp10List out;
  pn_data_enter(data);
  for (std::size_t i = 0; i < count && pn_data_next(data); ++i) out.items.push_back(read_value(data, depth + 1));
  pn_data_exit(data);
  return out;
}

std::string read_text(pn_data_t* data) {
  const auto type = pn_data_type(data);
  return type == PN_STRING || type == PN_SYMBOL ? std::string(view(pn_data_get_bytes(data))) : std::string{};
}

Amqp10Map read_map(pn_data_t* data, int depth) {
  Amqp10Map out;
  const auto count = pn_data_get_map(data);
  pn_data_enter(data);
  for (std::size_t i = 0; i + 1 < count && pn_data_next(data); i += 2) {
    auto key = read_text(data);
    if (!pn_data_next(data)) break;
    auto value = read_value(data, depth + 1);
    if (!key.empty()) out.push_back({std::move(key), std::move(value)});
  }
  pn_data_exit(data);
  return out;
}

std::int64_t limited(std::uint64_t number) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX));
}

/// The present one.
Amqp10Value read_value(pn_data_t* data, int depth) {
  if (depth > most_depth) return {};
  switch (pn_data_type(data)) {
    case PN_BOOL:
      return {pn_data_get_bool(data)};
    case PN_UBYTE:
      return {std::int64_t{pn_data_get_ubyte(data)}};
    case PN_BYTE:
      return {std::int64_t{pn_data_get_byte(data)}};
    case PN_USHORT:
      return {std::int64_t{pn_data_get_ushort(data)}};
    case PN_SHORT:
      return {std::int64_t{pn_data_get_short(data)}};
    case PN_UINT:
      return {std::int64_t{pn_data_get_uint(data)}};
    case PN_INT:
      return {std::int64_t{pn_data_get_int(data)}};
    case PN_ULONG:
      return {limited(pn_data_get_ulong(data))};
    case PN_LONG:
      return {std::int64_t{pn_data_get_long(data)}};
    case PN_TIMESTAMP: {
      // Further away than any clock: it is no time.
      constexpr std::int64_t furthest = 253'402'300'800'000;
      const std::int64_t ms = pn_data_get_timestamp(data);
      if (ms < 0 || ms > furthest) return {};
      return {Time(std::chrono::milliseconds(ms))};
    }
    case PN_UUID:
      return {uuid_of(pn_data_get_uuid(data))};
    case PN_BINARY:
      return {copy_of(bytes_of(view(pn_data_get_binary(data))))};
    case PN_STRING:
    case PN_SYMBOL:
      return {read_text(data)};
    case PN_LIST:
      return {read_items(data, pn_data_get_list(data), depth)};
    case PN_ARRAY:
      if (pn_data_is_array_described(data)) return {};
      return {read_items(data, pn_data_get_array(data), depth)};
    case PN_MAP:
      return {read_map(data, depth)};
    default:
      return {};
  }
}

std::string text_of_id(const Amqp10Value& value) {
  if (const auto number = value.number()) return std::to_string(*number);
  if (const auto* uuid = std::get_if<Amqp10Uuid>(&value.is)) return uuid->text();
  if (const auto* bytes = std::get_if<Bytes>(&value.is)) return to_hex(*bytes);
  return value.text();
}

void read_header(const Amqp10List& fields, Amqp10Message& into) {
  const auto& items = fields.items;
  constexpr std::size_t ttl_at = 2;
  constexpr std::size_t count_at = 4;
  if (items.size() > ttl_at) {
    if (const auto ttl = items[ttl_at].number()) into.ttl_ms = static_cast<std::uint32_t>(*ttl);
  }
  if (items.size() > count_at) into.delivery_count = static_cast<std::uint32_t>(items[count_at].number().value_or(0));
}

void read_properties(const Amqp10List& fields, Amqp10Message& into) {
  const auto field = [&](std::size_t at) { return at < fields.items.size() ? text_of_id(fields.items[at]) : ""; };
  into.message_id = field(0);
  into.to = field(2);
  into.subject = field(3);
  into.reply_to = field(4);
  into.correlation_id = field(5);
  into.content_type = field(6);
}

/// What is left to read.
struct Rest {
  ByteView bytes;
  bool whole;

  std::optional<std::uint64_t> number(std::size_t at, std::size_t size) const {
    if (bytes.size() < at + size) return std::nullopt;
    std::uint64_t out = 0;
    for (const auto byte : bytes.subspan(at, size)) out = out << 8U | std::to_integer<std::uint64_t>(byte);
    return out;
  }
};

struct Descriptor {
  std::uint64_t code;
  std::size_t size;  ///< with the zero before it
};

std::optional<Descriptor> descriptor_of(const Rest& rest) {
  if (rest.number(0, 1) != 0U) return std::nullopt;
  const bool small = rest.number(1, 1) == 0x53U;
  if (!small && rest.number(1, 1) != 0x80U) return std::nullopt;
  const std::size_t width = small ? 1 : 8;
  const auto code = rest.number(2, width);
  return code ? std::optional(Descriptor{*code, 2 + width}) : std::nullopt;
}

/// Takes a data section, or as much of it as is there; false when it is none.
bool take_data(Rest& rest, const Descriptor& descriptor, Bytes& into) {
  const auto type = rest.number(descriptor.size, 1);
  const std::size_t width = type == 0xa0U ? 1 : 4;
  if (type != 0xa0U && type != 0xb0U) return false;
  const auto size = rest.number(descriptor.size + 1, width);
  if (!size) return false;
  const auto from = descriptor.size + 1 + width;
  const auto there = rest.bytes.subspan(from);
  if (there.size() < *size && rest.whole) return false;
  const auto content = there.first(std::min<std::size_t>(there.size(), *size));
  into.insert(into.end(), content.begin(), content.end());
  rest.bytes = there.subspan(content.size());
  return true;
}

void read_section(const Descriptor& descriptor, const Amqp10Value& value, Amqp10Message& into) {
  const auto* list = value.list();
  const auto* map = value.map();
  if (descriptor.code == header_code && list != nullptr) read_header(*list, into);
  if (descriptor.code == properties_code && list != nullptr) read_properties(*list, into);
  if (descriptor.code == annotations_code && map != nullptr) into.annotations = *map;
  if (descriptor.code == application_code && map != nullptr) into.application = *map;
  if (descriptor.code == value_code) into.value = value;
}

// Writing.

void put(pn_data_t* data, const Amqp10Value& value);

pn_type_t type_of(const Amqp10Value& value) {
  constexpr std::array types = {PN_NULL,   PN_BOOL,      PN_INT,  PN_LONG, PN_STRING,
                                PN_BINARY, PN_TIMESTAMP, PN_UUID, PN_LIST, PN_MAP};
  return types.at(value.is.index());
}

void put(pn_data_t* data, const Amqp10List& list) {
  if (list.array) {
    pn_data_put_array(data, false, list.items.empty() ? PN_NULL : type_of(list.items.front()));
  } else {
    pn_data_put_list(data);
  }
  pn_data_enter(data);
  for (const auto& item : list.items) put(data, item);
  pn_data_exit(data);
}

void put(pn_data_t* data, const Amqp10Map& map, bool symbols = false) {
  pn_data_put_map(data);
  pn_data_enter(data);
  for (const auto& [key, value] : map) {
    symbols ? pn_data_put_symbol(data, wire(key)) : pn_data_put_string(data, wire(key));
    put(data, value);
  }
  pn_data_exit(data);
}

void put(pn_data_t* data, const Amqp10Uuid& uuid) {
  pn_uuid_t out{};
  std::ranges::transform(uuid.bytes, out.bytes, [](std::byte b) { return static_cast<char>(b); });
  pn_data_put_uuid(data, out);
}

void put(pn_data_t* data, const Amqp10Value& value) {
  struct Put {
    pn_data_t* data;
    void operator()(std::monostate) const { pn_data_put_null(data); }
    void operator()(bool is) const { pn_data_put_bool(data, is); }
    void operator()(std::int32_t is) const { pn_data_put_int(data, is); }
    void operator()(std::int64_t is) const { pn_data_put_long(data, is); }
    void operator()(const std::string& is) const { pn_data_put_string(data, wire(is)); }
    void operator()(const Bytes& is) const { pn_data_put_binary(data, wire(text_of(is))); }
    void operator()(Time is) const {
      pn_data_put_timestamp(data, std::chrono::floor<std::chrono::milliseconds>(is).time_since_epoch().count());
    }
    void operator()(const Amqp10Uuid& is) const { put(data, is); }
    void operator()(const Amqp10List& is) const { put(data, is); }
    void operator()(const Amqp10Map& is) const { put(data, is); }
  };
  std::visit(Put{data}, value.is);
}

void put_text(pn_data_t* data, const std::string& text) {
  text.empty() ? pn_data_put_null(data) : pn_data_put_string(data, wire(text));
}

void put_header(pn_data_t* data, const Amqp10Message& message) {
  pn_data_put_list(data);
  pn_data_enter(data);
  pn_data_put_bool(data, true);  // durable
  pn_data_put_null(data);        // priority
  message.ttl_ms ? pn_data_put_uint(data, *message.ttl_ms) : pn_data_put_null(data);
  pn_data_put_null(data);  // first acquirer
  pn_data_put_uint(data, message.delivery_count);
  pn_data_exit(data);
}

void put_properties(pn_data_t* data, const Amqp10Message& message) {
  pn_data_put_list(data);
  pn_data_enter(data);
  put_text(data, message.message_id);
  pn_data_put_null(data);  // user
  for (const auto* text : {&message.to, &message.subject, &message.reply_to, &message.correlation_id}) {
    put_text(data, *text);
  }
  message.content_type.empty() ? pn_data_put_null(data) : pn_data_put_symbol(data, wire(message.content_type));
  pn_data_exit(data);
}

template <class Put>
void add_section(Bytes& out, std::uint64_t code, const Put& put_content) {
  const Data data(pn_data(16));
  pn_data_put_described(data.get());
  pn_data_enter(data.get());
  pn_data_put_ulong(data.get(), code);
  put_content(data.get());
  pn_data_exit(data.get());
  const auto size = pn_data_encoded_size(data.get());
  if (size <= 0) return;
  const auto from = out.size();
  out.resize(from + static_cast<std::size_t>(size));
  pn_data_encode(data.get(), reinterpret_cast<char*>(out.data() + from), static_cast<std::size_t>(size));
}

void add_data(Bytes& out, ByteView content) {
  constexpr std::array<unsigned char, 4> head = {0x00, 0x53, 0x75, 0xb0};
  for (const auto byte : head) out.push_back(std::byte{byte});
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(content.size() >> shift & 0xffU));
  out.insert(out.end(), content.begin(), content.end());
}

}  // namespace

std::string Amqp10Uuid::text() const {
  auto out = to_hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, "-");
  return out;
}

std::optional<Amqp10Uuid> Amqp10Uuid::parse(std::string_view text) {
  constexpr std::size_t length = 36;
  if (text.size() != length) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) digits += text[i];
  }
  const auto bytes = from_hex(digits);
  if (!bytes || bytes->size() != 16) return std::nullopt;
  Amqp10Uuid out;
  std::ranges::copy(*bytes, out.bytes.begin());
  return out;
}

std::optional<std::int64_t> Amqp10Value::number() const {
  if (const auto* wide = std::get_if<std::int64_t>(&is)) return *wide;
  if (const auto* narrow = std::get_if<std::int32_t>(&is)) return *narrow;
  return std::nullopt;
}

std::optional<Time> Amqp10Value::time() const {
  const auto* time = std::get_if<Time>(&is);
  return time == nullptr ? std::nullopt : std::optional(*time);
}

std::string Amqp10Value::text() const {
  const auto* text = std::get_if<std::string>(&is);
  return text == nullptr ? std::string{} : *text;
}

const Amqp10Value* find(const Amqp10Map& map, std::string_view key) {
  const auto found = std::ranges::find(map, key, &Amqp10Entry::key);
  return found == map.end() ? nullptr : &found->value;
}

Bytes encode(const Amqp10Message& message) {
  Bytes out;
  add_section(out, header_code, [&](pn_data_t* data) { put_header(data, message); });
  if (!message.annotations.empty()) {
    add_section(out, annotations_code, [&](pn_data_t* data) { put(data, message.annotations, true); });
  }
  add_section(out, properties_code, [&](pn_data_t* data) { put_properties(data, message); });
  if (!message.application.empty()) {
    add_section(out, application_code, [&](pn_data_t* data) { put(data, message.application); });
  }
  if (message.value.is.index() != 0) {
    add_section(out, value_code, [&](pn_data_t* data) { put(data, message.value); });
  } else {
    add_data(out, message.data);
  }
  return out;
}

Result<Amqp10Message> decode_amqp10(ByteView bytes, bool whole) {
  Amqp10Message message;
  const Data data(pn_data(64));
  if (!data) return unreadable("no memory");
  for (Rest rest{bytes, whole}; !rest.bytes.empty();) {
    const auto descriptor = descriptor_of(rest);
    if (descriptor && descriptor->code == data_code) {
      if (take_data(rest, *descriptor, message.data)) continue;
      if (!whole) break;
      return unreadable("its data section is broken");
    }
    pn_data_clear(data.get());
    const auto used = pn_data_decode(data.get(), reinterpret_cast<const char*>(rest.bytes.data()), rest.bytes.size());
    // The end of one that is not whole.
    if (!whole && (used <= 0 || !descriptor)) break;
    if (used <= 0 || !descriptor) return unreadable("a section is broken");
    pn_data_rewind(data.get());
    if (pn_data_next(data.get()) && pn_data_is_described(data.get()) && pn_data_enter(data.get()) &&
        pn_data_next(data.get()) && pn_data_next(data.get())) {
      read_section(*descriptor, read_value(data.get(), 0), message);
    }
    rest.bytes = rest.bytes.subspan(std::min(static_cast<std::size_t>(used), rest.bytes.size()));
  }
  return message;
}

}  // namespace kanal::net
