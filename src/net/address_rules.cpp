// entry = address [ "/" bits ] / "loopback"
#include "net/address_rules.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace kanal::net {
namespace {

using Bytes16 = std::array<std::uint8_t, 16>;
constexpr int all_bits = 128;
constexpr int mapped_bits = 96;  // in front of an IPv4 address

struct Numeric {
  Bytes16 bytes{};
  bool v4 = false;
};

std::optional<Numeric> numeric(std::string_view text) {
  const std::string address(text.substr(0, text.find('%')));  // without the zone of fe80::1%eth0
  Numeric found;
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, address.c_str(), v4.data()) == 1) {
    found.v4 = true;
    found.bytes[10] = found.bytes[11] = 0xff;
    std::ranges::copy(v4, found.bytes.begin() + 12);
    return found;
  }
  if (inet_pton(AF_INET6, address.c_str(), found.bytes.data()) == 1) return found;
  return std::nullopt;
}

bool inside(const Bytes16& address, const Bytes16& network, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(network.begin(), network.begin() + static_cast<std::ptrdiff_t>(whole), address.begin())) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return (address[whole] & mask) == (network[whole] & mask);
}

}  // namespace

Result<AddressRules> AddressRules::parse(const std::vector<std::string>& entries) {
  AddressRules rules;
  for (const auto& entry : entries) {
    if (entry == "loopback") {
      rules.blocks_.push_back({numeric("127.0.0.0")->bytes, mapped_bits + 8});
      rules.blocks_.push_back({numeric("::1")->bytes, all_bits});
      continue;
    }
    const auto slash = entry.find('/');
    const auto address = numeric(std::string_view(entry).substr(0, slash));
    const int width = address && address->v4 ? all_bits - mapped_bits : all_bits;
    int bits = width;
    bool good = address.has_value();
    if (good && slash != std::string::npos) {
      const char* const last = entry.data() + entry.size();
      const auto [end, error] = std::from_chars(entry.data() + slash + 1, last, bits);
      good = error == std::errc{} && end == last && bits >= 0 && bits <= width;
    }
    if (!good) {
      return reject("address.rule", fmt::format("'{}' is no address: write 192.0.2.7, 10.0.0.0/8, 2001:db8::/32 or "
                                                "loopback",
                                                entry.substr(0, 64)));
    }
    rules.blocks_.push_back({address->bytes, bits + all_bits - width});
  }
  return rules;
}

bool AddressRules::matches(std::string_view address) const {
  const auto found = numeric(address);
  return found && std::ranges::any_of(
                      blocks_, [&](const Block& block) { return inside(found->bytes, block.network, block.bits); });
}

}  // namespace kanal::net
