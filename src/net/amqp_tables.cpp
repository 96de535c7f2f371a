#include "net/amqp_tables.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>

namespace kanal::net {
namespace {

std::span<const amqp_table_entry_t> entries_of(const amqp_table_t& table) {
  return {table.entries, static_cast<std::size_t>(std::max(table.num_entries, 0))};
}

std::optional<std::string> read_text(const amqp_field_value_t& value) {
  if (value.kind != AMQP_FIELD_KIND_UTF8 && value.kind != AMQP_FIELD_KIND_BYTES) return std::nullopt;
  if (value.value.bytes.len > max_header_size) return std::nullopt;
  return std::string(from_wire(value.value.bytes));
}

std::optional<std::int64_t> read_number(const amqp_field_value_t& value) {
  switch (value.kind) {
    case AMQP_FIELD_KIND_I8:
      return value.value.i8;
    case AMQP_FIELD_KIND_U8:
      return value.value.u8;
    case AMQP_FIELD_KIND_I16:
      return value.value.i16;
    case AMQP_FIELD_KIND_U16:
      return value.value.u16;
    case AMQP_FIELD_KIND_I32:
      return value.value.i32;
    case AMQP_FIELD_KIND_U32:
      return value.value.u32;
    case AMQP_FIELD_KIND_I64:
      return value.value.i64;
    case AMQP_FIELD_KIND_U64:
      if (value.value.u64 > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
      return static_cast<std::int64_t>(value.value.u64);
    default:
      return std::nullopt;
  }
}

std::optional<AmqpValue> read_value(const amqp_field_value_t& value) {
  if (value.kind == AMQP_FIELD_KIND_BOOLEAN) return value.value.boolean != 0;
  if (const auto number = read_number(value)) return *number;
  if (auto text = read_text(value)) return std::move(*text);
  return std::nullopt;
}

const amqp_field_value_t* find(const amqp_table_t& table, std::string_view name) {
  for (const auto& entry : entries_of(table)) {
    if (from_wire(entry.key) == name) return &entry.value;
  }
  return nullptr;
}

amqp_field_value_t wire_value(const AmqpValue& value) {
  amqp_field_value_t out{};
  if (const auto* text = std::get_if<std::string>(&value)) {
    out.kind = AMQP_FIELD_KIND_UTF8;
    out.value.bytes = wire(*text);
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    out.kind = AMQP_FIELD_KIND_I64;
    out.value.i64 = *number;
  } else {
    out.kind = AMQP_FIELD_KIND_BOOLEAN;
    out.value.boolean = std::get<bool>(value) ? 1 : 0;
  }
  return out;
}

}  // namespace

AmqpTable read_table(const amqp_table_t& table) {
  AmqpTable out;
  for (const auto& entry : entries_of(table)) {
    if (out.size() >= max_headers) break;
    if (auto value = read_value(entry.value)) out.emplace(std::string(from_wire(entry.key)), std::move(*value));
  }
  return out;
}

AmqpProperties read_properties(const amqp_basic_properties_t& properties) {
  const auto has = [&](amqp_flags_t flag) { return (properties._flags & flag) != 0; };
  AmqpProperties out;
  out.persistent = has(AMQP_BASIC_DELIVERY_MODE_FLAG) && properties.delivery_mode == AMQP_DELIVERY_PERSISTENT;
  if (has(AMQP_BASIC_EXPIRATION_FLAG)) out.expiration = from_wire(properties.expiration);
  if (has(AMQP_BASIC_CONTENT_TYPE_FLAG)) out.content_type = from_wire(properties.content_type);
  if (has(AMQP_BASIC_HEADERS_FLAG)) out.headers = read_table(properties.headers);
  return out;
}

std::string read_death_reason(const amqp_table_t& headers) {
  const auto* deaths = find(headers, "x-death");
  if (deaths == nullptr || deaths->kind != AMQP_FIELD_KIND_ARRAY || deaths->value.array.num_entries < 1) return {};
  const auto& newest = deaths->value.array.entries[0];
  if (newest.kind != AMQP_FIELD_KIND_TABLE) return {};
  const auto* reason = find(newest.value.table, "reason");
  return reason == nullptr ? std::string{} : read_text(*reason).value_or("");
}

WireTable::WireTable(const AmqpTable& table) {
  entries_.reserve(table.size());
  for (const auto& [name, value] : table) entries_.push_back({wire(name), wire_value(value)});
}

bool fits_wire(const AmqpTable& table) {
  return std::all_of(table.begin(), table.end(),
                     [](const auto& entry) { return entry.first.size() <= max_short_text; });
}

bool fits_wire(const AmqpProperties& properties) {
  return properties.expiration.size() <= max_short_text && properties.content_type.size() <= max_short_text &&
         fits_wire(properties.headers);
}

}  // namespace kanal::net
