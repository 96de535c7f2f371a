// Properties of CMS: any content in any pieces comes back, and nothing that was changed in the key or cut is taken.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/cms_test_message.hpp"

namespace kanal::crypto {
namespace {

using namespace testing;

Bytes arbitrary_content() {
  // Around segment and chunk borders more often than anywhere else.
  const auto base = *rc::gen::elementOf(std::vector<std::size_t>{0, 16, 1000, 4096, stream_chunk, 3 * stream_chunk});
  return pattern(base + *rc::gen::inRange<std::size_t>(0, 40));
}

RC_GTEST_PROP(CmsProperty, RoundTripsInAnyPieces, ()) {
  const auto plain = arbitrary_content();
  const auto transport = *rc::gen::element(KeyTransport::oaep_sha256, KeyTransport::pkcs1_v15);
  const auto cms = encrypted(alice().certificate, plain, *rc::gen::inRange<std::size_t>(1, 100'000), transport);
  const auto back = decrypted({bob(), alice()}, cms, *rc::gen::inRange<std::size_t>(1, 100'000));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == plain);
}

RC_GTEST_PROP(CmsProperty, ACutMessageIsNeverTaken, ()) {
  const auto cms = encrypted(alice().certificate, arbitrary_content());
  const auto length = *rc::gen::inRange<std::size_t>(0, cms.size());
  RC_ASSERT(!decrypted({alice()}, ByteView(cms).first(length)).has_value());
}

RC_GTEST_PROP(CmsProperty, AnotherKeyOpensNothing, ()) {
  RC_ASSERT(!decrypted({bob()}, encrypted(alice().certificate, arbitrary_content())).has_value());
}

}  // namespace
}  // namespace kanal::crypto
