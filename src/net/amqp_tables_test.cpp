// Header values of every kind from librabbitmq's form, and ours through the wire and back.
#include "net/amqp_tables.hpp"

#include <gmock/gmock.h>

#include <array>
#include <deque>

namespace kanal::net {
namespace {

using ::testing::IsEmpty;

/// A table for librabbitmq, entry by entry.
class Foreign {
 public:
  amqp_field_value_t& add(const std::string& name, char kind) {
    auto& entry = entries_.emplace_back();
    entry.key = wire(keep(name));
    entry.value.kind = static_cast<std::uint8_t>(kind);
    return entry.value;
  }
  Foreign& text(const std::string& name, const std::string& value, char kind = 'S') {
    add(name, kind).value.bytes = wire(keep(value));
    return *this;
  }
  amqp_table_t get() { return {static_cast<int>(entries_.size()), entries_.data()}; }

 private:
  const std::string& keep(const std::string& text) { return texts_.emplace_back(text); }
  std::vector<amqp_table_entry_t> entries_;
  std::deque<std::string> texts_;
};

TEST(AmqpTablesTest, TextsNumbersAndBooleansAreReadAndOthersLeftOut) {
  Foreign foreign;
  foreign.text("long", "blåbær").text("bytes", std::string("a\0b", 3), 'x').text("empty", "");
  foreign.add("bool", 't').value.boolean = 1;
  foreign.add("i8", 'b').value.i8 = -8;
  foreign.add("u8", 'B').value.u8 = 200;
  foreign.add("i16", 's').value.i16 = -1600;
  foreign.add("u16", 'u').value.u16 = 60'000;
  foreign.add("i32", 'I').value.i32 = -2'000'000'000;
  foreign.add("u32", 'i').value.u32 = 4'000'000'000;
  foreign.add("i64", 'l').value.i64 = INT64_MIN;
  foreign.add("u64", 'L').value.u64 = INT64_MAX;
  foreign.add("too much", 'L').value.u64 = static_cast<std::uint64_t>(INT64_MAX) + 1;
  foreign.add("float", 'd').value.f64 = 1;
  foreign.add("time", 'T').value.u64 = 1;
  foreign.add("void", 'V');
  foreign.add("table", 'F').value.table = {0, nullptr};
  foreign.add("array", 'A').value.array = {0, nullptr};
  const AmqpTable wanted{{"long", "blåbær"},
                         {"bytes", std::string("a\0b", 3)},
                         {"empty", ""},
                         {"bool", true},
                         {"i8", std::int64_t{-8}},
                         {"u8", std::int64_t{200}},
                         {"i16", std::int64_t{-1600}},
                         {"u16", std::int64_t{60'000}},
                         {"i32", std::int64_t{-2'000'000'000}},
                         {"u32", std::int64_t{4'000'000'000}},
                         {"i64", std::int64_t{INT64_MIN}},
                         {"u64", std::int64_t{INT64_MAX}}};
  EXPECT_EQ(read_table(foreign.get()), wanted);
}

TEST(AmqpTablesTest, TheFirstOfTwoCountsAndThereAreLimits) {
  Foreign foreign;
  foreign.text("twice", "first").text("twice", "second");
  foreign.text("fits", std::string(max_header_size, 'x')).text("too large", std::string(max_header_size + 1, 'x'));
  auto read = read_table(foreign.get());
  EXPECT_EQ(read.at("twice"), AmqpValue("first"));
  EXPECT_TRUE(read.contains("fits"));
  EXPECT_FALSE(read.contains("too large"));
  for (int i = 0; i < 1000; ++i) foreign.text(std::to_string(i), "x");
  EXPECT_EQ(read_table(foreign.get()).size(), max_headers);
}

TEST(AmqpTablesTest, TheReasonOfTheNewestDeathIsTold) {
  Foreign newest, oldest;
  newest.text("queue", "q").text("reason", "delivery_limit");
  oldest.text("reason", "expired");
  std::array<amqp_field_value_t, 2> deaths{};
  deaths[0].kind = deaths[1].kind = 'F';
  deaths[0].value.table = newest.get();
  deaths[1].value.table = oldest.get();
  Foreign headers;
  headers.add("x-death", 'A').value.array = {2, deaths.data()};
  EXPECT_EQ(read_death_reason(headers.get()), "delivery_limit");
  EXPECT_THAT(read_table(headers.get()), IsEmpty());
}

TEST(AmqpTablesTest, DeathsThatAreNoneHaveNoReason) {
  std::array<amqp_field_value_t, 1> number{};
  number[0].kind = 'I';
  std::array<amqp_field_value_t, 1> empty{};
  empty[0].kind = 'F';
  Foreign none, text, nothing, numbers, without;
  none.text("reason", "expired");
  text.text("x-death", "expired");
  nothing.add("x-death", 'A').value.array = {0, nullptr};
  numbers.add("x-death", 'A').value.array = {1, number.data()};
  without.add("x-death", 'A').value.array = {1, empty.data()};
  for (auto* headers : {&none, &text, &nothing, &numbers, &without}) {
    EXPECT_EQ(read_death_reason(headers->get()), "");
  }
}

TEST(AmqpTablesTest, PropertiesThatAreNotFlaggedAreNotRead) {
  amqp_basic_properties_t properties{};
  properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
  properties.expiration = wire("1000");
  properties.content_type = wire("text/plain");
  EXPECT_FALSE(read_properties(properties).persistent);
  EXPECT_EQ(read_properties(properties).expiration, "");
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_EXPIRATION_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG;
  EXPECT_TRUE(read_properties(properties).persistent);
  EXPECT_EQ(read_properties(properties).expiration, "1000");
  EXPECT_EQ(read_properties(properties).content_type, "text/plain");
}

TEST(AmqpTablesTest, OursComesBackFromTheWire) {
  const AmqpTable table{{"text", "blåbær"}, {"number", std::int64_t{-5}}, {"yes", true}, {"no", false}};
  WireTable form(table);
  auto given = form.get();
  std::string bytes(1000, '\0');
  std::size_t written = 0;
  ASSERT_EQ(amqp_encode_table({bytes.size(), bytes.data()}, &given, &written), AMQP_STATUS_OK);
  amqp_pool_t pool;
  init_amqp_pool(&pool, 4096);
  amqp_table_t read{};
  std::size_t offset = 0;
  ASSERT_EQ(amqp_decode_table({written, bytes.data()}, &pool, &read, &offset), AMQP_STATUS_OK);
  EXPECT_EQ(read_table(read), table);
  empty_amqp_pool(&pool);
  EXPECT_FALSE(fits_wire(AmqpTable{{std::string(256, 'k'), true}}));
  EXPECT_TRUE(fits_wire(AmqpTable{{std::string(255, 'k'), std::string(70'000, 'v')}}));
}

}  // namespace
}  // namespace kanal::net
