// read_package() on anything, and on a valid body with changed bytes: nothing may crash, nothing may be left in the
// spool that nobody was told of, and no package comes out beside a damage.
#include <cstdint>

#include "base/fuzz_testing.hpp"
#include "base/testing.hpp"
#include "transports/dpe/package_testing.hpp"

using namespace kanal;
using namespace kanal::transports;

namespace {

constexpr const char* sender_number = "310700002";
constexpr const char* receiver_number = "991825827";

struct Stage {
  kanal::testing::ManualClock clock;
  Time from = clock.now() - std::chrono::hours(24);
  Time until = clock.now() + std::chrono::hours(24);
  crypto::Identity ca = crypto::make_ca("CA", from, until);
  crypto::Identity sender = crypto::issue(ca, {"S", "S", sender_number, {}, from, until});
  crypto::Identity receiver = crypto::issue(ca, {"R", "R", receiver_number, {}, from, until});
  SilentLog log;
  std::string valid = make_valid();

 private:
  std::string make_valid() const {
    dpe::testing::MemoryBlobs blobs;
    return dpe::testing::body_of(dpe::testing::publication(sender_number, receiver_number), blobs,
                                 dpe::testing::one_file(blobs), {sender, receiver.certificate, clock.now()});
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Stage stage;
  if (size < 1) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  PackageRules rules;
  rules.limits.max_entries = 50;
  rules.limits.max_total_size = 1 << 22;
  dpe::testing::MemoryBlobs blobs;
  const auto raw = blobs.put(data[0] % 2 == 0 ? std::string(input) : fuzz::changed(stage.valid, bytes_of(input)));
  const auto document = dpe::read_package(raw, {stage.receiver}, rules, stage.clock, stage.log, blobs);
  const bool has_package = document && document->package;
  if (has_package && document->damage) std::abort();
  if (blobs.count() != (has_package ? 2U : 1U)) std::abort();
  return 0;
}
