#include "domain/receipt_status.hpp"

#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kanal::domain {
namespace {

using enum ReceiptStatus;

const std::vector<std::pair<ReceiptStatus, std::string_view>> names{
    {opprettet, "OPPRETTET"},
    {sendt, "SENDT"},
    {mottatt, "MOTTATT"},
    {levert, "LEVERT"},
    {lest, "LEST"},
    {feil, "FEIL"},
    {annet, "ANNET"},
    {innkommende_mottatt, "INNKOMMENDE_MOTTATT"},
    {innkommende_levert, "INNKOMMENDE_LEVERT"},
    {levetid_utlopt, "LEVETID_UTLOPT"},
};

TEST(ReceiptStatus, NamesAreThoseOfTheApi) {
  for (const auto& [status, name] : names) {
    EXPECT_EQ(name_of(status), name);
    EXPECT_EQ(receipt_status(name), status);
  }
}

TEST(ReceiptStatus, OtherNamesAreNone) {
  for (const std::string_view name : {"", "levert", "LEVERT ", "BEKREFTET"}) EXPECT_FALSE(receipt_status(name)) << name;
}

TEST(ReceiptStatus, FinishedOnesAreThoseOfTheTable) {
  const std::set<ReceiptStatus> finished{levert, lest, feil, levetid_utlopt, innkommende_levert};
  for (const auto& [status, name] : names) EXPECT_EQ(finishes(status), finished.contains(status)) << name;
}

TEST(ReceiptStatus, CounterpartCannotSetLocalOnes) {
  const std::set<ReceiptStatus> local{opprettet, sendt, innkommende_mottatt, innkommende_levert};
  for (const auto& [status, name] : names) EXPECT_EQ(allowed_from_counterpart(status), !local.contains(status)) << name;
}

TEST(ReceiptStatus, RepeatedNameIsIgnored) {
  EXPECT_EQ(effect_of(mottatt, std::vector{opprettet, sendt, mottatt}), StatusEffect::already_there);
  EXPECT_EQ(effect_of(feil, std::vector{opprettet, feil}), StatusEffect::already_there);
}

TEST(ReceiptStatus, OrderDoesNotMatterBeforeTheEnd) {
  EXPECT_EQ(effect_of(opprettet, {}), StatusEffect::append);
  EXPECT_EQ(effect_of(mottatt, std::vector{opprettet}), StatusEffect::append);
  EXPECT_EQ(effect_of(sendt, std::vector{opprettet, mottatt}), StatusEffect::append);
}

TEST(ReceiptStatus, LateOnesAreStillWritten) {
  EXPECT_EQ(effect_of(lest, std::vector{opprettet, sendt, levert}), StatusEffect::after_the_end);
  EXPECT_EQ(effect_of(levert, std::vector{opprettet, levetid_utlopt}), StatusEffect::after_the_end);
}

TEST(ReceiptStatus, ReceiptsGiveFeilOrLest) {
  EXPECT_EQ(status_of_receipt("ERROR"), feil);
  EXPECT_EQ(status_of_receipt("NOTSUPPORTED"), feil);
  for (const std::string_view type : {"OK", "WARNING", "", "error", "anything"}) {
    EXPECT_EQ(status_of_receipt(type), lest) << type;
  }
}

RC_GTEST_PROP(ReceiptStatusProperty, FinishedStaysFinishedAndNamesAreUnique, ()) {
  const auto arrivals = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, static_cast<int>(names.size())));
  std::vector<ReceiptStatus> present;
  bool finished = false;
  for (const int index : arrivals) {
    const auto status = names[static_cast<std::size_t>(index)].first;
    const auto effect = effect_of(status, present);
    RC_ASSERT((effect == StatusEffect::after_the_end) == (finished && effect != StatusEffect::already_there));
    if (effect == StatusEffect::already_there) continue;
    present.push_back(status);
    finished = finished || finishes(status);
  }
  RC_ASSERT(std::set<ReceiptStatus>(present.begin(), present.end()).size() == present.size());
}

}  // namespace
}  // namespace kanal::domain
