// blob   = *full last                 ; nothing before, between or after: all else is in the BlobRef
// full   = 65536(ciphertext) tag      ; AES-256-GCM
// last   = *65535(ciphertext) tag     ; always there, empty when the blob's size is a multiple of 65536
// tag    = 16 bytes
//
// Every blob has a random key of its own, kept in the BlobRef as a box (sealing.cpp) that is bound to the blob id.
// nonce           = 4(%x00) frame-number(big-endian, 8 bytes), counted from 0
// associated data = %x00 for a full frame, %x01 for the last one
// So a frame cannot be moved (nonce), a blob cannot be cut at a frame border (associated data), and a file cannot stand
// in for another (key).
#include "store/spool/frames.hpp"

#include <array>

namespace kanal::store {
namespace {

std::array<std::byte, crypto::gcm_nonce_size> nonce_of(std::uint64_t number) {
  std::array<std::byte, crypto::gcm_nonce_size> nonce{};
  for (std::size_t i = 0; i < sizeof(number); ++i) {
    nonce.at(nonce.size() - 1 - i) = static_cast<std::byte>(number >> (8 * i) & 0xffU);
  }
  return nonce;
}

std::array<std::byte, 1> mark_of(bool last) { return {last ? std::byte{1} : std::byte{0}}; }

}  // namespace

void seal_frame(const crypto::Key256& key, std::uint64_t number, bool last, ByteView plain, std::span<std::byte> out) {
  crypto::gcm_seal_into(key, nonce_of(number), plain, mark_of(last), out);
}

Result<void> open_frame(const crypto::Key256& key, std::uint64_t number, bool last, ByteView sealed,
                        std::span<std::byte> out) {
  return crypto::gcm_open_into(key, nonce_of(number), sealed, mark_of(last), out);
}

}  // namespace kanal::store
