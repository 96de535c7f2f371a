// A list of network addresses: single ones, CIDR blocks and the word `loopback`, IPv4 and IPv6. What an operator writes
// to say who may come in or where calls may go. Values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace kanal::net {

class AddressRules {
 public:
  /// `10.0.0.0/8`, `192.0.2.7`, `2001:db8::/32`, `loopback`. `address.rule` names the entry that cannot be read.
  static Result<AddressRules> parse(const std::vector<std::string>& entries);

  [[nodiscard]] bool empty() const { return blocks_.empty(); }
  /// Is this numeric address inside one of the blocks? An IPv4 address inside IPv6 (::ffff:192.0.2.7) counts as what it
  /// carries; what is no address matches nothing.
  [[nodiscard]] bool matches(std::string_view address) const;

 private:
  /// All as IPv6; IPv4 as its mapped form.
  struct Block {
    std::array<std::uint8_t, 16> network{};
    int bits = 0;
  };
  std::vector<Block> blocks_;
};

}  // namespace kanal::net
