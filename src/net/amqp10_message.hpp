// Messages of AMQP 1.0 (OASIS amqp-core-messaging-v1.0 section 3.2) and their bytes, as far as queues and management
// nodes use them. Values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace kanal::net {

/// In the order of RFC 4122, as AMQP writes it.
struct Amqp10Uuid {
  std::array<std::byte, 16> bytes{};
  /// `7da9cfd5-40d5-4bb1-8d64-ec5a52e1c547`, in small letters.
  [[nodiscard]] std::string text() const;
  /// Nothing when it is none.
  static std::optional<Amqp10Uuid> parse(std::string_view text);
  friend bool operator==(const Amqp10Uuid&, const Amqp10Uuid&) = default;
};

struct Amqp10Value;
struct Amqp10Entry;
/// Of values of one type it is written as an array when `array` says so; read, both are lists.
struct Amqp10List {
  std::vector<Amqp10Value> items;
  bool array = false;
};
/// Keys are symbols or strings; others are left out when read.
using Amqp10Map = std::vector<Amqp10Entry>;

/// A value; nothing stands for null and for what is not understood. Symbols are read as texts, whole numbers of any
/// width as 64 bits.
struct Amqp10Value {
  std::variant<std::monostate, bool, std::int32_t, std::int64_t, std::string, Bytes, Time, Amqp10Uuid, Amqp10List,
               Amqp10Map>
      is;

  // Nothing when it is another type.
  [[nodiscard]] std::optional<std::int64_t> number() const;
  [[nodiscard]] std::optional<Time> time() const;
  [[nodiscard]] std::string text() const;  ///< empty when it is none
  [[nodiscard]] const Amqp10List* list() const { return std::get_if<Amqp10List>(&is); }
  [[nodiscard]] const Amqp10Map* map() const { return std::get_if<Amqp10Map>(&is); }
};
struct Amqp10Entry {
  std::string key;
  Amqp10Value value;
};
/// Null when there is no such key.
[[nodiscard]] const Amqp10Value* find(const Amqp10Map& map, std::string_view key);

struct Amqp10Message {
  std::uint32_t delivery_count = 0;  ///< earlier deliveries that failed
  std::optional<std::uint32_t> ttl_ms{};
  // Ids are read as texts, whatever type they have.
  std::string message_id{};
  std::string to{};
  std::string subject{};
  std::string reply_to{};
  std::string correlation_id{};
  std::string content_type{};
  Amqp10Map annotations{};  ///< of the message: keys are symbols
  Amqp10Map application{};  ///< properties
  Bytes data{};             ///< of all data sections
  Amqp10Value value{};      ///< the body when it is a value; then there is no data
};

/// One data section when there is no value.
[[nodiscard]] Bytes encode(const Amqp10Message& message);
/// Reads the bytes of a message; of one that is not `whole`, `data` is the beginning that is there. `amqp10.protocol`
/// (reject).
Result<Amqp10Message> decode_amqp10(ByteView bytes, bool whole = true);

}  // namespace kanal::net
