// Whatever SvarUt answers by SOAP, in parts or not, is read within bounds or refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/ids.hpp"
#include "transports/dpf/svarut_envelope.hpp"

using namespace kanal;
using namespace kanal::transports::dpf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto line = all.find('\n');
  const auto type = line == std::string_view::npos ? std::string_view{} : all.substr(0, line);
  const auto body = line == std::string_view::npos ? all : all.substr(line + 1);
  const auto root = root_part(type, body);
  if (root.size() > body.size()) std::abort();
  if (const auto id = read_soap_sent(root); id && !is_uuid(*id)) std::abort();
  if (const auto statuses = read_soap_statuses(root)) {
    for (const auto& status : *statuses) {
      if (status.id.empty() || status.status.empty()) std::abort();
    }
  }
  (void)read_soap_texts(root, "retreiveForsendelseTyper").has_value();
  (void)fault_in(root);
  return 0;
}
