// Packages that nobody should have sent (dpo.md 12, "zip: ..."): set aside or handled as dpo.md 7.2 says, and never in
// the way of the next one.
#include <boost/json/serialize.hpp>

#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string unchannelled = "5d0f9a0e-8a1b-4a43-9f5e-6a3c0e9b7c11";

enum class End { set_aside, delivered, dropped };

struct Poison {
  std::string name;
  End end = End::set_aside;
  /// The package, from a good SBD.
  std::function<std::string(boost::json::object)> make;
};
void PrintTo(const Poison& poison, std::ostream* out) { *out << poison.name; }

std::string zip_of(const std::map<std::string, std::string>& entries) {
  MemorySink bytes(1024 * 1024);
  formats::ZipWriter zip(bytes);
  for (const auto& [name, content] : entries) EXPECT_TRUE(zip.add(name, bytes_of(content)));
  EXPECT_TRUE(zip.finish());
  return std::string(text_of(bytes.bytes()));
}
std::string package(const boost::json::object& sbd) { return zip_of({{"sbd.json", boost::json::serialize(sbd)}}); }

boost::json::object& header(boost::json::object& sbd) { return sbd.at("standardBusinessDocumentHeader").as_object(); }
boost::json::array& scopes(boost::json::object& sbd) {
  return header(sbd).at("businessScope").as_object().at("scope").as_array();
}
boost::json::object& conversation(boost::json::object& sbd) { return scopes(sbd).at(0).as_object(); }
/// A MessageChannel scope as given.
std::string with_channel(boost::json::object sbd, const boost::json::object& scope) {
  scopes(sbd).push_back(scope);
  return package(sbd);
}
std::string with_ttl(boost::json::object sbd, const std::string& ttl) {
  conversation(sbd).at("scopeInformation").as_array().at(0).as_object()["expectedResponseDateTime"] = ttl;
  return package(sbd);
}

std::vector<Poison> poisons() {
  using Sbd = boost::json::object;
  return {
      {"empty", End::set_aside, [](const Sbd&) { return std::string(); }},
      {"no_zip", End::set_aside, [](const Sbd&) { return std::string("this is no zip"); }},
      {"no_sbd", End::set_aside,
       [](const Sbd&) {
         return zip_of({{"readme.txt", "hello"}});
       }},
      {"extra_entries", End::delivered,
       [](const Sbd& sbd) {
         return zip_of({{"manifest.xml", "<x/>"}, {"sbd.json", boost::json::serialize(sbd)}, {"z", "z"}});
       }},
      {"no_json", End::set_aside,
       [](const Sbd&) {
         return zip_of({{"sbd.json", "{"}});
       }},
      {"three_members", End::set_aside,
       [](Sbd sbd) {
         sbd["third"] = 1;
         return package(sbd);
       }},
      {"reversed_members", End::delivered,
       [](const Sbd& sbd) {
         Sbd turned;
         turned["arkivmelding"] = sbd.at("arkivmelding");
         turned["standardBusinessDocumentHeader"] = sbd.at("standardBusinessDocumentHeader");
         return package(turned);
       }},
      {"wrong_type_name", End::set_aside,
       [](Sbd sbd) {
         header(sbd).at("documentIdentification").as_object()["type"] = "avtalt";
         return package(sbd);
       }},
      {"message_id_no_uuid", End::set_aside,
       [](Sbd sbd) {
         header(sbd).at("documentIdentification").as_object()["instanceIdentifier"] = "7";
         return package(sbd);
       }},
      {"conversation_id_no_uuid", End::set_aside,
       [](Sbd sbd) {
         conversation(sbd)["instanceIdentifier"] = "7";
         return package(sbd);
       }},
      {"channel_null", End::delivered,
       [](const Sbd& sbd) {
         return with_channel(sbd, {{"type", "MessageChannel"}, {"instanceIdentifier", "x"}, {"identifier", nullptr}});
       }},
      {"channel_empty", End::delivered,
       [](const Sbd& sbd) {
         return with_channel(sbd, {{"type", "MessageChannel"}, {"instanceIdentifier", "x"}, {"identifier", ""}});
       }},
      {"two_channels", End::delivered,
       [](Sbd sbd) {
         scopes(sbd).push_back(Sbd{{"type", "MessageChannel"}, {"identifier", "a"}});
         return with_channel(sbd, {{"type", "MessageChannel"}, {"identifier", "b"}});
       }},
      {"no_ttl", End::delivered,
       [](Sbd sbd) {
         conversation(sbd).erase("scopeInformation");
         return package(sbd);
       }},
      {"ttl_passed", End::dropped, [](const Sbd& sbd) { return with_ttl(sbd, "2020-01-01T00:00:00+01:00"); }},
      {"ttl_without_offset", End::delivered, [](const Sbd& sbd) { return with_ttl(sbd, "2099-01-01T00:00:00"); }},
      {"broken_container", End::set_aside,
       [](const Sbd& sbd) {
         return zip_of({{"asic.zip", "no CMS"}, {"sbd.json", boost::json::serialize(sbd)}});
       }},
      {"sent_by_another", End::set_aside,
       [](Sbd sbd) {
         auto& party = header(sbd).at("sender").as_array().at(0).as_object();
         party.at("identifier").as_object()["value"] = "0192:" + t_org;
         return package(sbd);
       }},
  };
}

/// One bench for all: poison must leave nothing behind.
class Poisoned : public ::testing::TestWithParam<Poison> {
 protected:
  static void SetUpTestSuite() {
    bench = std::make_unique<Bench>();
    bench->start({"S", s_org});
  }
  static void TearDownTestSuite() { bench.reset(); }
  void SetUp() override {
    bench->deliveries.clear();
    bench->ledger.begin();
  }
  static boost::json::object mail(const std::string& id) {
    const auto sbd =
        make_sbd("arkivmelding", "0192:" + r_org, "0192:" + s_org, id, {{"sikkerhetsnivaa", 3}}, bench->clock.now());
    return boost::json::parse(domain::write_sbd(sbd)).as_object();
  }
  static void inject(const std::string& content) {
    ASSERT_TRUE(bench->national.broker().inject(r_org, s_org, unchannelled, bytes_of(content)));
  }
  /// What the operator finds in the quarantine.
  static std::size_t set_aside() {
    const auto text = bench->health("S");
    const auto health = boost::json::parse(text);
    return health.at_pointer("/components/channels/details").as_object().at("quarantined").to_number<std::size_t>();
  }

  static std::unique_ptr<Bench> bench;
};

std::unique_ptr<Bench> Poisoned::bench;

TEST_P(Poisoned, IsNeverInTheWay) {
  const auto& poison = GetParam();
  const auto before = set_aside();
  const auto bad = new_uuid();
  const auto good = new_uuid();
  inject(poison.make(mail(bad)));
  inject(package(mail(good)));
  ASSERT_TRUE(bench->eventually([&] {
    bench->serve("S", false);
    const auto documents = bench->ledger.read();
    return bench->receivers_of(good).size() == 1 && std::ranges::all_of(documents, [](const auto& one) {
             return one.to != s_org || one.confirmed_by.size() == 1;
           });
  }));
  if (poison.end == End::delivered) {
    EXPECT_THAT(bench->receivers_of(bad), ElementsAre("S"));
  } else {
    EXPECT_THAT(bench->receivers_of(bad), IsEmpty());
  }
  EXPECT_EQ(set_aside(), before + (poison.end == End::set_aside ? 1 : 0));
}

INSTANTIATE_TEST_SUITE_P(Packages, Poisoned, ::testing::ValuesIn(poisons()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace kanal::testing
