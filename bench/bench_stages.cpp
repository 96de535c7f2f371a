// The packaging stages alone, each beside the bare speed of what it cannot do without.
#include <algorithm>
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
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>({into.size(), left_, block_.size()}));
    std::memcpy(into.data(), block_.data(), count);
    left_ -= count;
    return count;
  }

 private:
  ByteView block_;
  std::uint64_t left_ = total;
};

double bare_cbc(ByteView block, bool encrypt) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  const Bytes key(32);
  const Bytes iv(16);
  EVP_CipherInit_ex(context, EVP_aes_256_cbc(), nullptr, reinterpret_cast<const unsigned char*>(key.data()),
                    reinterpret_cast<const unsigned char*>(iv.data()), encrypt ? 1 : 0);
  Bytes out(piece + 32);
  const Stopwatch watch;
  for (std::uint64_t done = 0; done < total; done += piece) {
    int count = 0;
    EVP_CipherUpdate(context, reinterpret_cast<unsigned char*>(out.data()), &count,
                     reinterpret_cast<const unsigned char*>(block.data()), static_cast<int>(piece));
  }
  const double seconds = watch.seconds();
  EVP_CIPHER_CTX_free(context);
  return static_cast<double>(total) / 1e9 / seconds;
}

void cms(ByteView block) {
  const Time now = SystemClock().now();
  const auto ca = crypto::make_ca("Bench CA", now, now + std::chrono::hours(24));
  const auto identity = crypto::issue(ca, {"Bench", "Bench", "310700002", {}, now, now + std::chrono::hours(24)});
  Bytes envelope;
  envelope.reserve(total + total / 64);
  Drain keep(&envelope);
  const double bare_encrypt = bare_cbc(block, true);
  const Stopwatch encrypting;
  auto cipher = crypto::make_cms_encryptor(identity.certificate, crypto::KeyTransport::oaep_sha256, keep).value();
  for (std::uint64_t done = 0; done < total; done += piece) {
    if (!cipher->write(block)) return;
  }
  if (!cipher->finish()) return;
  const double encrypt = static_cast<double>(total) / 1e9 / encrypting.seconds();
  report("cms.encrypt", encrypt, "GB/s",
         {{"limit", bare_encrypt},
          {"ratio", encrypt / bare_encrypt},
          {"goal_ratio", 0.9},
          {"bound", "AES-256-CBC is serial"}});

  const double bare_decrypt = bare_cbc(block, false);
  Drain drain;
  const Stopwatch decrypting;
  const auto plain = crypto::make_cms_decryptor({identity}, drain);
  for (std::size_t at = 0; at < envelope.size(); at += piece) {
    if (!plain->write(ByteView(envelope).subspan(at, std::min(piece, envelope.size() - at)))) return;
  }
  if (!plain->finish()) return;
  const double decrypt = static_cast<double>(total) / 1e9 / decrypting.seconds();
  report("cms.decrypt", decrypt, "GB/s",
         {{"limit", bare_decrypt},
          {"ratio", decrypt / bare_decrypt},
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
  if (!writer.add_stored({"large.bin", total, crc}, source) || !writer.finish()) return;
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
