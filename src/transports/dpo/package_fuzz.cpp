// read_package() on four kinds of input, chosen by the first byte: anything; a valid package with changed bytes; a
// valid zip around a changed SBD; a valid package whose container was changed before it was encrypted. The second byte
// chooses the policy. Nothing may crash, nothing may be left in the spool that nobody was told of, and with `require`
// no file may come out that its sender did not sign.
#include <cstdint>

#include "base/fuzz_testing.hpp"
#include "formats/asic.hpp"
#include "transports/dpo/package_testing.hpp"

using namespace kanal;
using namespace kanal::transports::dpo;

namespace {

std::string package_of(unsigned kind, std::string_view input) {
  static const std::string sbd = testing::sbd_text();
  static const std::string container = testing::container();
  static const std::string valid = testing::packed(sbd, testing::encrypted(container));
  switch (kind % 4) {
    case 0:
      return std::string(input);
    case 1:
      return fuzz::changed(valid, bytes_of(input));
    case 2:
      return testing::packed(fuzz::changed(sbd, bytes_of(input)));
    default:
      return testing::packed(sbd, testing::encrypted(fuzz::changed(container, bytes_of(input))));
  }
}

/// Every document of the original, unchanged, and no other.
bool is_original(SeekableSource& container) {
  std::size_t known = 0;
  const auto read =
      formats::for_each_entry(container, {}, [&](const formats::ZipEntry& entry, Source& content) -> Result<void> {
        const auto bytes = read_all(content, 1 << 20);
        if (!bytes) return failed(bytes);
        const auto text = text_of(*bytes);
        const bool ours = (entry.name == "arkivmelding.xml" && text == "<arkivmelding/>") ||
                          (entry.name == "vedtak.pdf" && text == "%PDF-1.7 " + std::string(3000, 'x'));
        const bool frame =
            entry.name == "mimetype" || entry.name == "manifest.xml" || entry.name.starts_with("META-INF/");
        if (!ours && !frame) return reject("foreign", entry.name);
        known += ours ? 1 : 0;
        return {};
      });
  return read.has_value() && known == 2;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static testing::FixedClock clock;
  static SilentLog log;
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 2), size - 2);
  auto settings = testing::package_settings();
  constexpr std::array policies{VerifyPolicy::require, VerifyPolicy::warn, VerifyPolicy::off};
  settings.verify = policies.at(data[1] % policies.size());
  settings.trusted_signers = {testing::PackageKeys::get().ca.certificate};
  settings.limits.max_total_size = 1 << 22;

  testing::MemoryBlobs blobs;
  const auto raw = blobs.put(package_of(data[0], input));
  const auto document = read_package(raw, {testing::PackageKeys::get().receiver}, settings, clock, log, blobs);
  const bool has_package = document && document->package;
  if (document && document->damage && document->package) std::abort();
  if (blobs.count() != (has_package ? 2U : 1U)) std::abort();
  if (has_package && settings.verify == VerifyPolicy::require) {
    auto source = blobs.open(*document->package);
    if (!source || !is_original(**source)) std::abort();
  }
  return 0;
}
