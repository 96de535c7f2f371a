#include "ports/relayed_document.hpp"

#include <gtest/gtest.h>

#include "domain/sbd_samples.hpp"

namespace kanal::ports {
namespace {

InboundDocument document() {
  InboundDocument out;
  out.sbd = domain::read_sbd(boost::json::serialize(domain::samples::arkivmelding())).value().sbd;
  return out;
}

TEST(RelayedDocument, ArrivesAsItWas) {
  auto sent = document();
  sent.sent_as = "navn";
  const Time taken = parse_iso("2026-09-01T08:00:00.123Z")->utc;
  const auto line = write_relayed(sent, taken);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto read = read_relayed(line);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(domain::write_sbd(read->sbd), domain::write_sbd(sent.sbd));
  EXPECT_EQ(read->sent_as, "navn");
  EXPECT_EQ(read->taken, taken);
  EXPECT_FALSE(read->package);
}

TEST(RelayedDocument, WhatIsNoneIsRefused) {
  for (const std::string line : {"", "{}", "[]", "null", R"({"sbd":1})", R"({"sbd":"{}"})", "{\"sbd\":\"", "\xff"}) {
    const auto read = read_relayed(line);
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().disposition, Disposition::reject) << line;
  }
  EXPECT_FALSE(read_relayed(std::string(max_relayed_line + 1, ' ')));
}

}  // namespace
}  // namespace kanal::ports
