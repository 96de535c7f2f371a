#include "net/amqp10_message.hpp"

#include <gmock/gmock.h>

#include "base/testing.hpp"

namespace kanal::net {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* guid = "7da9cfd5-40d5-4bb1-8d64-ec5a52e1c547";

Amqp10Message full_message() {
  Amqp10Message message;
  message.delivery_count = 3;
  message.ttl_ms = 60'000;
  message.message_id = "m-1";
  message.to = "there";
  message.subject = "status";
  message.reply_to = "here";
  message.correlation_id = "c-1";
  message.content_type = "application/json";
  message.annotations = {{"x-opt-sequence-number", {std::int64_t{2418}}},
                         {"x-opt-enqueued-time", {Time(std::chrono::milliseconds(1'772'435'731'250))}}};
  message.application = {{"operation", {std::string("put-token")}}, {"flag", {true}}, {"narrow", {std::int32_t{-7}}}};
  message.data = copy_of(bytes_of("hei"));
  return message;
}

TEST(Amqp10MessageTest, WhatIsWrittenIsRead) {
  const auto read = decode_amqp10(encode(full_message()));
  ASSERT_TRUE(read.has_value()) << read.error().text();
  EXPECT_EQ(read->delivery_count, 3U);
  EXPECT_EQ(read->ttl_ms, 60'000U);
  EXPECT_EQ(read->message_id, "m-1");
  EXPECT_EQ(read->to, "there");
  EXPECT_EQ(read->subject, "status");
  EXPECT_EQ(read->reply_to, "here");
  EXPECT_EQ(read->correlation_id, "c-1");
  EXPECT_EQ(read->content_type, "application/json");
  EXPECT_EQ(text_of(read->data), "hei");
  EXPECT_EQ(find(read->annotations, "x-opt-sequence-number")->number(), 2418);
  EXPECT_EQ(find(read->annotations, "x-opt-enqueued-time")->time(), Time(std::chrono::milliseconds(1'772'435'731'250)));
  EXPECT_EQ(find(read->application, "operation")->text(), "put-token");
  EXPECT_EQ(find(read->application, "narrow")->number(), -7);
  EXPECT_TRUE(std::get<bool>(find(read->application, "flag")->is));
  EXPECT_EQ(find(read->application, "absent"), nullptr);
}

TEST(Amqp10MessageTest, ValuesOfEveryKindAreRead) {
  const auto uuid = Amqp10Uuid::parse(guid);
  ASSERT_TRUE(uuid);
  EXPECT_EQ(uuid->text(), guid);
  Amqp10List locks;
  locks.array = true;
  locks.items = {{*uuid}, {*uuid}};
  Amqp10List mixed;
  mixed.items = {{std::string("text")}, {std::int64_t{1}}, {}};
  Amqp10Message message;
  message.value = {Amqp10Map{{"lock-tokens", {locks}}, {"bytes", {copy_of(bytes_of("abc"))}}, {"mixed", {mixed}}}};
  const auto read = decode_amqp10(encode(message));
  ASSERT_TRUE(read.has_value()) << read.error().text();
  EXPECT_THAT(read->data, IsEmpty());
  const auto* map = read->value.map();
  ASSERT_NE(map, nullptr);
  const auto* tokens = find(*map, "lock-tokens")->list();
  ASSERT_NE(tokens, nullptr);
  ASSERT_THAT(tokens->items, SizeIs(2));
  EXPECT_EQ(std::get<Amqp10Uuid>(tokens->items[1].is), *uuid);
  EXPECT_EQ(text_of(std::get<Bytes>(find(*map, "bytes")->is)), "abc");
  EXPECT_THAT(find(*map, "mixed")->list()->items, SizeIs(3));
}

TEST(Amqp10MessageTest, OfOneThatIsCutTheBeginningIsRead) {
  auto message = full_message();
  message.data = testing::pattern(1000);
  auto bytes = encode(message);
  bytes.resize(bytes.size() - 400);
  EXPECT_FALSE(decode_amqp10(bytes).has_value());
  const auto read = decode_amqp10(bytes, false);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->message_id, "m-1");
  EXPECT_EQ(read->data, Bytes(message.data.begin(), message.data.begin() + 600));
}

TEST(Amqp10MessageTest, SeveralDataSectionsAreOneBody) {
  auto bytes = encode(full_message());
  for (const unsigned char byte : {0x00, 0x53, 0x75, 0xa0, 0x02, 0x21, 0x21}) bytes.push_back(std::byte{byte});
  const auto read = decode_amqp10(bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(text_of(read->data), "hei!!");
}

TEST(Amqp10MessageTest, BrokenBytesAreAnError) {
  const auto whole = encode(full_message());
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto read = decode_amqp10(ByteView(whole).first(size));
    if (read) {
      EXPECT_THAT(read->data, IsEmpty()) << "cut between two sections";
    }
  }
  EXPECT_FALSE(decode_amqp10(bytes_of("GET / HTTP/1.1")).has_value());
  EXPECT_TRUE(decode_amqp10({}).has_value()) << "nothing is required";
}

TEST(Amqp10MessageTest, WhatIsNoUuidIsNone) {
  for (const char* text : {"", "7da9cfd5-40d5-4bb1-8d64-ec5a52e1c54", "7da9cfd5+40d5-4bb1-8d64-ec5a52e1c547",
                           "7da9cfdx-40d5-4bb1-8d64-ec5a52e1c547"}) {
    EXPECT_FALSE(Amqp10Uuid::parse(text)) << text;
  }
}

}  // namespace
}  // namespace kanal::net
