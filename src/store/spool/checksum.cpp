// CRC-32: polynomial 0x04C11DB7, reflected, inverted before and after (ISO 3309). Folding as in V. Gopal et al., "Fast
// CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Intel, 2009); constants of its appendix.
#include "store/spool/checksum.hpp"

#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kanal::store {
namespace {

std::uint32_t by_zlib(std::uint32_t previous, ByteView bytes) {
  // An empty view may have no address, and zlib takes a null pointer for a new start.
  if (bytes.empty()) return previous;
  return static_cast<std::uint32_t>(::crc32_z(previous, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

#if defined(__x86_64__)

constexpr std::size_t block = 16;
constexpr std::size_t stride = 4 * block;

[[gnu::target("pclmul,sse4.1")]] inline __m128i load(const std::byte* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

/// Moves `value` past the distance that `by` stands for and adds what lies there.
[[gnu::target("pclmul,sse4.1")]] inline __m128i fold(__m128i value, __m128i by, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(value, by, 0x00);
  const __m128i high = _mm_clmulepi64_si128(value, by, 0x11);
  return _mm_xor_si128(_mm_xor_si128(high, low), next);
}

/// For at least 64 bytes, a multiple of 16; `crc` and the answer are the inverted state.
[[gnu::target("pclmul,sse4.1")]] std::uint32_t by_folding(std::uint32_t crc, ByteView bytes) {
  const __m128i over_512 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  const __m128i over_128 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  const __m128i over_64 = _mm_set_epi64x(0, 0x0163cd6124);
  const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  const __m128i even_words = _mm_setr_epi32(~0, 0, ~0, 0);

  const std::byte* at = bytes.data();
  const std::byte* const end = at + bytes.size();
  __m128i a = _mm_xor_si128(load(at), _mm_cvtsi32_si128(static_cast<int>(crc)));
  __m128i b = load(at + block);
  __m128i c = load(at + 2 * block);
  __m128i d = load(at + 3 * block);
  for (at += stride; static_cast<std::size_t>(end - at) >= stride; at += stride) {
    a = fold(a, over_512, load(at));
    b = fold(b, over_512, load(at + block));
    c = fold(c, over_512, load(at + 2 * block));
    d = fold(d, over_512, load(at + 3 * block));
  }
  a = fold(fold(fold(a, over_128, b), over_128, c), over_128, d);
  for (; at != end; at += block) a = fold(a, over_128, load(at));

  // 128 bits to 64, to 32, and Barrett reduction.
  a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, over_128, 0x10));
  a = _mm_xor_si128(_mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, even_words), over_64, 0x00));
  __m128i quotient = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(a, even_words), barrett, 0x10), even_words);
  quotient = _mm_clmulepi64_si128(quotient, barrett, 0x00);
  return static_cast<std::uint32_t>(_mm_extract_epi32(_mm_xor_si128(a, quotient), 1));
}

#endif

}  // namespace

std::uint32_t crc32(std::uint32_t previous, ByteView bytes) {
#if defined(__x86_64__)
  static const bool can_fold = __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0;
  if (can_fold && bytes.size() >= stride) {
    const ByteView whole = bytes.first(bytes.size() / block * block);
    return by_zlib(~by_folding(~previous, whole), bytes.subspan(whole.size()));
  }
#endif
  return by_zlib(previous, bytes);
}

}  // namespace kanal::store
