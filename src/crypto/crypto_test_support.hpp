// What the tests of this folder share: identities made once per run, and running the openssl tool. Never included by
// product code.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/stream.hpp"
#include "base/testing.hpp"
#include "crypto/cms.hpp"
#include "crypto/issue.hpp"

namespace kanal::crypto::testing {

using kanal::testing::read_file;
using kanal::testing::shared_data;
using kanal::testing::TemporaryFolder;

inline const Time start = *parse_date("2026-01-01");
inline const Time noon = start + std::chrono::hours(12);
inline const Time end = *parse_date("2036-01-01");

inline CertificateRequest organisation(const std::string& orgnr) {
  return {"Testetaten " + orgnr, "TESTETATEN ÆØÅ", orgnr, {}, start, end};
}

inline const Identity& test_ca() {
  static const Identity ca = make_ca("Kanal Test CA", start, end);
  return ca;
}
inline const Identity& alice() {
  static const Identity identity = issue(test_ca(), organisation("910000001"));
  return identity;
}
inline const Identity& bob() {
  static const Identity identity = issue(test_ca(), organisation("910000002"));
  return identity;
}

/// Repeats only after 251 bytes, so that a lost or doubled block shows.
inline Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i % 251);
  return bytes;
}

inline Result<void> push(Sink& to, ByteView bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    if (auto written = to.write(bytes.subspan(at, std::min(piece, bytes.size() - at))); !written) return written;
  }
  return to.finish();
}

constexpr std::uint64_t no_limit = std::uint64_t{1} << 40;

inline Bytes encrypted(const Certificate& recipient, ByteView plain, std::size_t piece = stream_chunk,
                       KeyTransport transport = KeyTransport::oaep_sha256) {
  MemorySink out(no_limit);
  auto sink = make_cms_encryptor(recipient, transport, out);
  EXPECT_TRUE(sink) << sink.error().text();
  EXPECT_TRUE(push(**sink, plain, piece));
  return out.take();
}

inline Result<Bytes> decrypted(std::vector<Identity> keys, ByteView cms, std::size_t piece = stream_chunk) {
  MemorySink out(no_limit);
  const auto sink = make_cms_decryptor(std::move(keys), out);
  if (auto pushed = push(*sink, cms, piece); !pushed) return failed(pushed);
  return out.take();
}

/// The error code, or "" for success.
template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

/// Runs a command in `folder`; its output is kept from the test log.
inline int run(const TemporaryFolder& folder, const std::string& command) {
  const std::string line = "cd '" + folder.path().string() + "' && " + command + " >output.txt 2>&1";
  return std::system(line.c_str());
}

}  // namespace kanal::crypto::testing
