// A fixture that reads packages and sees that nothing is left in the spool. Never included by product code.
#pragma once

#include <gtest/gtest.h>

#include "lookup/lookup_testing.hpp"
#include "transports/dpo/package_testing.hpp"

namespace kanal::transports::dpo::testing {

class PackageReading : public ::testing::Test {
 protected:
  Result<ports::InboundDocument> read(const ports::BlobRef& raw) {
    return read_package(raw, keys_, settings_, clock_, log_, blobs_);
  }
  Result<ports::InboundDocument> read(const std::string& package) { return read(blobs_.put(package)); }

  /// Nothing of it can be used.
  void expect_refused(const std::string& package, const std::string& code) {
    const auto before = blobs_.count();
    const auto document = read(package);
    ASSERT_FALSE(document) << "expected " << code;
    EXPECT_EQ(document.error().code, code) << document.error().text();
    EXPECT_EQ(document.error().disposition, Disposition::reject);
    EXPECT_EQ(blobs_.count(), before + 1) << "only the package itself: " << code;
  }
  /// The SBD is good, the files are not and are not handed out.
  void expect_damage(const std::string& package, const std::string& code) {
    const auto before = blobs_.count();
    const auto document = read(package);
    ASSERT_TRUE(document) << document.error().text();
    EXPECT_EQ(document->sbd.document.instance_identifier, "0c0b0f0e-6f5d-4a55-9d8f-27f6f9a6a001");
    ASSERT_TRUE(document->damage) << "expected " << code;
    EXPECT_EQ(document->damage->code, code) << document->damage->text();
    EXPECT_FALSE(document->package);
    EXPECT_EQ(blobs_.count(), before + 1) << "only the package itself: " << code;
  }
  void expect_accepted(const std::string& package) {
    const auto document = read(package);
    ASSERT_TRUE(document) << document.error().text();
    EXPECT_FALSE(document->damage) << document->damage->text();
    EXPECT_TRUE(document->package);
  }

  FixedClock clock_;
  lookup::testing::CaptureLog log_;
  MemoryBlobs blobs_;
  Settings settings_ = package_settings();
  std::vector<crypto::Identity> keys_{PackageKeys::get().receiver};
};

}  // namespace kanal::transports::dpo::testing
