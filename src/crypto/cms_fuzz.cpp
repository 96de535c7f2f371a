// Any bytes as CMS, in pieces whose size the input chooses: no crash, and the same answer however they are cut.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/fuzz_testing.hpp"
#include "crypto/cms.hpp"
#include "crypto/issue.hpp"

using namespace kanal;

namespace {

struct Outcome {
  std::string code;
  Bytes plain;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome decrypt(const crypto::Identity& identity, ByteView cms, std::size_t piece) {
  MemorySink out(1 << 20);
  const auto sink = crypto::make_cms_decryptor({identity}, out);
  Result<void> done;
  for (std::size_t at = 0; at < cms.size() && done; at += piece) {
    done = sink->write(cms.subspan(at, std::min(piece, cms.size() - at)));
  }
  done = sink->finish();
  return {done ? "" : done.error().code, done ? out.take() : Bytes()};
}

/// One package of ours, so that mutations can reach behind the recipient.
Bytes sample(const crypto::Identity& identity) {
  MemorySink out(1 << 20);
  auto sink = crypto::make_cms_encryptor(identity.certificate, crypto::KeyTransport::oaep_sha256, out);
  const Bytes plain(300);
  if (!sink || !(*sink)->write(plain) || !(*sink)->finish()) std::abort();
  return out.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const crypto::Identity identity = crypto::make_ca("fuzz", Time{}, Time{} + std::chrono::hours(24));
  static const Bytes valid = sample(identity);
  if (size < 2) return 0;
  const std::size_t piece = std::size_t{data[0]} + 1;
  // Half of the inputs are changes to a valid one.
  const ByteView rest{reinterpret_cast<const std::byte*>(data + 2), size - 2};
  const Bytes cms = data[1] % 2 == 1 ? fuzz::changed(valid, rest) : copy_of(rest);
  if (decrypt(identity, cms, piece) != decrypt(identity, cms, cms.size() + 1)) std::abort();
  return 0;
}
