#include "base/ids.hpp"

#include <sys/random.h>

#include <array>
#include <stdexcept>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "base/bytes.hpp"

namespace kanal {

std::string new_uuid() {
  std::array<std::byte, 16> raw{};
  if (getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(raw.size())) {
    throw std::runtime_error("the system gives no random bytes");
  }
  raw[6] = (raw[6] & std::byte{0x0f}) | std::byte{0x40};
  raw[8] = (raw[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string hex = to_hex(raw);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) hex.insert(dash, 1, '-');
  return hex;
}

std::string derived_uuid(std::string_view purpose, std::string_view name) {
  const boost::uuids::name_generator_sha1 of_purpose(boost::uuids::ns::oid());
  const boost::uuids::name_generator_sha1 of_name(of_purpose(purpose.data(), purpose.size()));
  return to_string(of_name(name.data(), name.size()));
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace kanal
