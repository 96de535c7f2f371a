// Receipts come from outside: whatever they hold, they are read within bounds or refused. The input is a payload that
// the right supplier has signed, and a whole JWS as it came.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "crypto/jose.hpp"
#include "transports/dpi/letter_testing.hpp"
#include "transports/dpi/receipt.hpp"

using namespace kanal;
using namespace kanal::transports::dpi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Settings settings = testing::letter_settings();
  static SilentLog log;
  const Time now{std::chrono::sys_days(std::chrono::year(2026) / 3 / 2)};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)read_label(text);
  (void)read_receipt(text, settings, now, log).has_value();

  const auto& supplier = testing::LetterKeys::get().supplier;
  static const boost::json::object header{{"x5c", boost::json::array{to_base64(supplier.certificate.der())}}};
  const auto jws = crypto::sign_jws(supplier.key, header, text);
  const auto label = read_label(jws);
  if (!label.id.empty() && !is_uuid(label.id)) std::abort();
  const auto receipt = read_receipt(jws, settings, now, log);
  if (!receipt) return 0;
  if (!is_uuid(receipt->conversation_id.str()) || receipt->statuses.size() != 1 || receipt->raw != jws) std::abort();
  return 0;
}
