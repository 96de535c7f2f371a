// Header tables and properties between librabbitmq's form and ours. What comes from the broker is foreign: at most
// `max_headers` entries are kept, and none whose value is over `max_header_size`. Internal to this folder; values.
#pragma once

#include <amqp.h>
#include <amqp_framing.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "net/amqp_connection.hpp"

namespace kanal::net {

constexpr std::size_t max_headers = 64;
constexpr std::size_t max_header_size = 8 * 1024;
/// Names of queues, exchanges, routing keys and headers are shortstr: one byte tells their length.
constexpr std::size_t max_short_text = 255;

/// The same memory seen by librabbitmq, which does not write to it; the text must outlive it.
[[nodiscard]] inline amqp_bytes_t wire(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }
[[nodiscard]] inline std::string_view from_wire(amqp_bytes_t bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

/// Texts (`S`, `x`), whole numbers of every width that fit in 64 signed bits, and booleans; the first of two equal
/// names counts. A shortstr cannot be a value: `s` means a 16-bit number at RabbitMQ.
[[nodiscard]] AmqpTable read_table(const amqp_table_t& table);
[[nodiscard]] AmqpProperties read_properties(const amqp_basic_properties_t& properties);
/// `reason` of the newest entry of `x-death`; empty when there is none.
[[nodiscard]] std::string read_death_reason(const amqp_table_t& headers);

/// A table for librabbitmq. Points into `table`, which must outlive it.
class WireTable {
 public:
  explicit WireTable(const AmqpTable& table);
  WireTable(const WireTable&) = delete;
  WireTable& operator=(const WireTable&) = delete;
  [[nodiscard]] amqp_table_t get() { return {static_cast<int>(entries_.size()), entries_.data()}; }

 private:
  std::vector<amqp_table_entry_t> entries_;
};

/// Is every text within what the wire can carry?
[[nodiscard]] bool fits_wire(const AmqpTable& table);
[[nodiscard]] bool fits_wire(const AmqpProperties& properties);

}  // namespace kanal::net
