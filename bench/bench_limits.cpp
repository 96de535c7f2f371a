// The physical limits of this machine, measured in the same run as the rest.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <vector>

#include <openssl/evp.h>

#include "base/ids.hpp"
#include "bench/report.hpp"
#include "crypto/aead.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"

namespace {

using namespace kanal;
using namespace kanal::bench;

void fsyncs(const std::string& folder) {
  const std::string path = folder + "/fsync-" + new_uuid();
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::array<char, 4096> block{};
  int count = 0;
  const Stopwatch watch;
  while (watch.seconds() < 1.0) {
    if (pwrite(file, block.data(), block.size(), 0) < 0 || fdatasync(file) < 0) break;
    ++count;
  }
  report("limit.fdatasync_4k", count / watch.seconds(), "1/s");
  close(file);
  unlink(path.c_str());
}

void new_files(const std::string& folder) {
  const std::string block(100'000, 'x');
  std::vector<std::string> paths;
  const Stopwatch watch;
  while (watch.seconds() < 1.0) {
    paths.push_back(folder + "/file-" + new_uuid());
    const int file = open(paths.back().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (write(file, block.data(), block.size()) < 0 || fsync(file) < 0) break;
    close(file);
  }
  report("limit.new_file_100k_fsync", static_cast<double>(paths.size()) / watch.seconds(), "1/s");
  for (const auto& path : paths) unlink(path.c_str());
}

void signatures() {
  const auto key = crypto::PrivateKey::generate();
  int count = 0;
  const Stopwatch watch;
  while (watch.seconds() < 1.0) {
    if (key.sign_rs256(bytes_of("data")).empty()) break;
    ++count;
  }
  report("limit.rsa2048_sign", count / watch.seconds(), "1/s");
}

void hashes() {
  const Bytes block(std::size_t{64} * 1024 * 1024, std::byte{1});
  for (const auto& [algorithm, name] : {std::pair{crypto::DigestAlgorithm::sha256, "limit.sha256"},
                                        std::pair{crypto::DigestAlgorithm::md5, "limit.md5"}}) {
    const Stopwatch watch;
    (void)crypto::digest(algorithm, block);
    report(name, 0.0671 / watch.seconds(), "GB/s");
  }
  crypto::Key256 key{};
  Bytes sealed(64 * 1024 + crypto::gcm_tag_size);
  const Bytes nonce(crypto::gcm_nonce_size);
  const Stopwatch watch;
  std::uint64_t total = 0;
  while (watch.seconds() < 0.5) {
    crypto::gcm_seal_into(key, nonce, ByteView(block).first(64 * 1024), {}, sealed);
    total += 64 * 1024;
  }
  report("limit.aes256gcm_64k_frames", static_cast<double>(total) / 1e9 / watch.seconds(), "GB/s");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : ".";
  fsyncs(folder);
  new_files(folder);
  signatures();
  hashes();
}
