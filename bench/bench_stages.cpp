// The packaging stages alone, each beside the bare speed of what it cannot do without.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <openssl/evp.h>
#include <zlib.h>

#include "base/time.hpp"
#include "bench/report.hpp"
#include "crypto/cms.hpp"
#include "crypto/issue.hpp"
#include "formats/zip_writer.hpp"

namespace {

using namespace kanal;
using namespace kanal::bench;

constexpr std::uint64_t total = std::uint64_t{1} << 30;
constexpr std::size_t piece = std::size_t{256} * 1024;

/// Takes bytes and forgets them; keeps them when asked.
class Drain final : public Sink {
 public:
  explicit Drain(Bytes* keep = nullptr) : keep_(keep) {}
  Result<void> write(ByteView bytes) override {
    count += bytes.size();
    if (keep_ != nullptr) keep_->insert(keep_->end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<void> finish() override { return {}; }
  std::uint64_t count = 0;

 private:
  Bytes* keep_;
};

/// `total` bytes without end in sight.
class Endless final : public Source {
 public:
  explicit Endless(ByteView block) : block_(block) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>({into.size(), left_, block_.size() - at_}));
    std::memcpy(into.data(), block_.data() + at_, count);
    at_ = (at_ + count) % block_.size();
    left_ -= count;
    return count;
  }

 private:
  ByteView block_;
  std::size_t at_ = 0;
  std::uint64_t left_ = total;
};

/// One pass of AES-256-CBC over `data` in pieces, `times` times.
double bare_cbc(ByteView data, int times, bool encrypt) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  const Bytes key(32);
  const Bytes iv(16);
  EVP_CipherInit_ex(context, EVP_aes_256_cbc(), nullptr, reinterpret_cast<const unsigned char*>(key.data()),
                    reinterpret_cast<const unsigned char*>(iv.data()), encrypt ? 1 : 0);
  Bytes out(piece + 32);
  const Stopwatch watch;
  for (int i = 0; i < times; ++i) {
    for (std::size_t at = 0; at < data.size(); at += piece) {
      int count = 0;
      EVP_CipherUpdate(context, reinterpret_cast<unsigned char*>(out.data()), &count,
                       reinterpret_cast<const unsigned char*>(data.data() + at),
                       static_cast<int>(std::min(piece, data.size() - at)));
    }
  }
  const double seconds = watch.seconds();
  EVP_CIPHER_CTX_free(context);
  return static_cast<double>(data.size()) * times / 1e9 / seconds;
}

crypto::Identity make_identity() {
  const Time now = SystemClock().now();
  const auto ca = crypto::make_ca("Bench CA", now, now + std::chrono::hours(24));
  return crypto::issue(ca, {"Bench", "Bench", "310700002", {}, now, now + std::chrono::hours(24)});
}

/// Encrypts `bytes` bytes into `to`; gives the seconds.
double encrypt(const crypto::Identity& identity, ByteView block, std::uint64_t bytes, Sink& to) {
  const Stopwatch watch;
  auto cipher = crypto::make_cms_encryptor(identity.certificate, crypto::KeyTransport::oaep_sha256, to).value();
  for (std::uint64_t done = 0; done < bytes; done += block.size()) {
    if (!cipher->write(block)) std::abort();
  }
  if (!cipher->finish()) std::abort();
  return watch.seconds();
}

void cms(ByteView block) {
  const auto identity = make_identity();
  const double bare_encrypt = bare_cbc(block, static_cast<int>(total / block.size()), true);
  Drain drain;
  const double speed = static_cast<double>(total) / 1e9 / encrypt(identity, block, total, drain);
  report("cms.encrypt", speed, "GB/s",
         {{"limit", bare_encrypt},
          {"ratio", speed / bare_encrypt},
          {"goal_ratio", 0.9},
          {"bound", "AES-256-CBC is serial"}});

  // Read from memory that has been touched before, by both.
  constexpr int times = 4;
  Bytes envelope;
  Drain keep(&envelope);
  encrypt(identity, block, total / times, keep);
  const double bare_decrypt = bare_cbc(envelope, times, false);
  const Stopwatch watch;
  for (int i = 0; i < times; ++i) {
    const auto plain = crypto::make_cms_decryptor({identity}, drain);
    for (std::size_t at = 0; at < envelope.size(); at += piece) {
      if (!plain->write(ByteView(envelope).subspan(at, std::min(piece, envelope.size() - at)))) std::abort();
    }
    if (!plain->finish()) std::abort();
  }
  const double decrypted = static_cast<double>(total) / 1e9 / watch.seconds();
  report("cms.decrypt", decrypted, "GB/s",
         {{"limit", bare_decrypt},
          {"ratio", decrypted / bare_decrypt},
          {"goal_ratio", 0.9},
          {"bound", "AES-256-CBC decryption and one pass over memory"}});
}

void zip(ByteView block) {
  std::uint32_t crc = 0;
  Bytes copy(piece);
  const Stopwatch bare;
  for (std::uint64_t done = 0; done < total; done += piece) {
    std::memcpy(copy.data(), block.data(), piece);
    crc = static_cast<std::uint32_t>(crc32_z(crc, reinterpret_cast<const Bytef*>(copy.data()), piece));
  }
  const double limit = static_cast<double>(total) / 1e9 / bare.seconds();
  Drain drain;
  const Stopwatch watch;
  formats::ZipWriter writer(drain);
  Endless source(block);
  if (!writer.add_stored({"large.bin", total, crc}, source) || !writer.finish()) std::abort();
  const double speed = static_cast<double>(total) / 1e9 / watch.seconds();
  report("zip.stored", speed, "GB/s",
         {{"limit", limit}, {"ratio", speed / limit}, {"goal_ratio", 0.8}, {"bound", "CRC-32"}});
}

}  // namespace

int main() {
  Bytes block(piece);
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<std::byte>(i * 2654435761U >> 13);
  cms(block);
  zip(block);
}
