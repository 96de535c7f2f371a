#include "sim/svarinn.hpp"

#include <gmock/gmock.h>

#include "formats/zip_reader.hpp"
#include "sim/svarinn_list.hpp"
#include "sim/svarut_testing.hpp"

namespace kanal::sim::testing {
namespace {

using ::testing::HasSubstr;

class SvarInnTest : public SvarUtBench {
 protected:
  net::ClientResponse download(const std::string& id) { return get(inn("/forsendelse/" + id), mottak()); }
  std::string opened(const std::string& id) { return decrypted(download(id).body, Keys::get().municipality_identity); }
  net::ClientResponse acknowledge(const std::string& id) {
    return post(inn("/kvitterMottak/forsendelse/" + id), "", "", mottak());
  }
  net::ClientResponse fail(const std::string& id, const json::object& body) {
    return post(inn("/mottakFeilet/forsendelse/" + id), json::serialize(body), "application/json", mottak());
  }
  /// Name and content of every entry; the names alone when the reader refuses them.
  static std::vector<std::string> entries(const std::string& zip) {
    std::vector<std::string> out;
    MemorySource source(bytes_of(zip));
    const auto read = formats::for_each_entry(source, {}, [&](const formats::ZipEntry& entry, Source& content) {
      const auto bytes = read_all(content, 1'000'000);
      out.push_back(entry.name + "=" + (bytes ? std::string(text_of(*bytes)) : "unreadable"));
      return Result<void>();
    });
    if (!read) out.push_back(read.error().code);
    return out;
  }
  std::size_t told(const std::string& action, const std::string& id) const {
    return national_.audit().count({.simulator = "svarinn", .vendor = "mottak", .action = action, .subject = id});
  }
};

TEST_F(SvarInnTest, AForsendelseIsListedFetchedAndAcknowledged) {
  Letter letter;
  const auto id = sent(letter);
  const auto list = listed(mottak());
  ASSERT_EQ(list.size(), 1U);
  const auto item = list[0].as_object();
  EXPECT_EQ(text(item, "id"), id);
  EXPECT_EQ(text(item, "tittel"), "Svar på høring");
  EXPECT_EQ(text(item, "eksternRef"), letter.ekstern_ref);
  EXPECT_EQ(text(item, "niva"), "3");
  EXPECT_EQ(text(item.at("mottaker").as_object(), "orgnr"), municipality);
  EXPECT_EQ(text(item.at("svarSendesTil").as_object(), "orgnr"), agency);
  EXPECT_EQ(text(item.at("metadataFraAvleverendeSystem").as_object(), "saksBehandler"), "Ola Dunk");
  EXPECT_EQ(item.at("metadataFraAvleverendeSystem").as_object().at("journaldato"), 1788213600000);
  EXPECT_EQ(text(item.at("filmetadata").as_array()[0].as_object(), "sha256hash"),
            to_hex(crypto::sha256(bytes_of("%PDF-1.7 brev"))));
  EXPECT_EQ(text(item, "downloadUrl"), inn("/forsendelse/" + id));

  const auto answer = get(text(item, "downloadUrl"), mottak());
  EXPECT_THAT(std::string(answer.header("Content-Type")), HasSubstr("zip"));
  EXPECT_THAT(std::string(answer.header("Content-Disposition")), HasSubstr("attachment"));
  EXPECT_EQ(entries(decrypted(answer.body, Keys::get().municipality_identity)),
            (std::vector<std::string>{"brev.pdf=%PDF-1.7 brev", "kart på én side.pdf=%PDF-1.7 kart"}));

  EXPECT_EQ(acknowledge(id).status, 200);
  EXPECT_EQ(status_of(id), "LEST");
  EXPECT_TRUE(listed(mottak()).empty());
  EXPECT_EQ(download(id).status, 404);
  EXPECT_EQ(acknowledge(id).status, 404);
  EXPECT_EQ(admin("PUT", at("/sim/rules"), {{"kvitter_twice_is_404", false}}).status, 204);
  EXPECT_EQ(acknowledge(id).status, 200);
  EXPECT_EQ(told("list", ""), 2U);
  EXPECT_EQ(told("download", id), 1U);
  EXPECT_EQ(told("kvitterMottak", id), 1U);
}

TEST_F(SvarInnTest, ALoneDocumentMayComeWithoutAZip) {
  auto lone = system("mottak", municipality, Keys::get().municipality_identity);
  lone.lone_files = true;
  national_.svarinn().add_system(lone);
  Letter letter;
  letter.uploads = {{"krav på én side.pdf"}};
  const auto id = sent(letter);
  const auto answer = download(id);
  EXPECT_EQ(answer.header("Content-Type"), "application/pdf");
  EXPECT_THAT(std::string(answer.header("Content-Disposition")), HasSubstr("filename*=UTF-8''krav%20p%C3%A5"));
  EXPECT_EQ(opened(id), "%PDF-1.7 brev");
}

TEST_F(SvarInnTest, AFailureIsNotedAndAFinalOneEndsIt) {
  const auto id = sent();
  EXPECT_EQ(fail(id, {{"feilmelding", "x"}}).status, 400);
  EXPECT_EQ(fail(id, {{"permanent", false}}).status, 400);
  EXPECT_EQ(fail(id, {{"feilmelding", "kan ikke dekrypteres"}, {"permanent", false}}).status, 200);
  EXPECT_EQ(listed(mottak()).size(), 1U);
  EXPECT_EQ(fail(id, {{"feilmelding", "gir opp"}, {"permanent", true}}).status, 200);
  EXPECT_TRUE(listed(mottak()).empty());
  EXPECT_EQ(status_of(id), "VARSLET");
  EXPECT_EQ(fail(id, {{"feilmelding", "gir opp"}, {"permanent", true}}).status, 404);
  EXPECT_EQ(national_.svarut().state().find(id)->feilmeldinger,
            (std::vector<std::string>{"kan ikke dekrypteres", "gir opp"}));
  EXPECT_EQ(told("mottakFeilet", id), 2U);
}

TEST_F(SvarInnTest, ASystemHasItsOwnQueueOnly) {
  national_.svarinn().add_system(system("annen", agency, Keys::get().agency_identity));
  auto typed = system("byggesak", municipality, Keys::get().municipality_identity);
  typed.forsendelsestype = "byggesak";
  national_.svarinn().add_system(typed);
  const auto id = sent();
  Letter building;
  building.change = [](json::object& f) { f["forsendelsestype"] = "byggesak"; };
  sent(building);
  EXPECT_EQ(listed(mottak()).size(), 1U);
  EXPECT_EQ(listed(basic("byggesak", "pæss")).size(), 1U);
  EXPECT_TRUE(listed(basic("annen", "pæss")).empty());
  EXPECT_EQ(get(inn("/forsendelse/" + id), basic("annen", "pæss")).status, 404);
  EXPECT_EQ(post(inn("/kvitterMottak/forsendelse/" + id), "", "", basic("annen", "pæss")).status, 404);
  EXPECT_EQ(get(inn("/mottaker/hentNyeForsendelser"), basic("mottak", "galt")).status, 401);
  EXPECT_EQ(get(inn("/mottaker/hentNyeForsendelser")).status, 401);
}

TEST_F(SvarInnTest, ALevelWithoutASystemIsNotReceived) {
  auto low = system("mottak", municipality, Keys::get().municipality_identity);
  low.levels = {3};
  national_.svarinn().add_system(low);
  Letter letter;
  letter.level = "HOYESTE";
  EXPECT_EQ(status_of(sent(letter)), "VARSLET");
  EXPECT_EQ(national_.svarut().state().levels_of(municipality), std::set<int>{3});
}

TEST_F(SvarInnTest, AListHasTheTwoHundredOldest) {
  const auto body = json::object{{"username", "mottak"},
                                 {"item", json::object{{"tittel", "x"}}},
                                 {"content", to_base64(bytes_of("whatever"))},
                                 {"times", 201}};
  const auto made = object_of(admin("POST", at("/sim/innkommende"), body)).at("ids").as_array();
  ASSERT_EQ(made.size(), 201U);
  const auto list = listed(mottak());
  ASSERT_EQ(list.size(), 200U);
  EXPECT_EQ(list[0].at("id"), made[0]);
  EXPECT_EQ(acknowledge(std::string(made[0].as_string())).status, 200);
  EXPECT_EQ(listed(mottak()).back().at("id"), made[200]);
}

TEST_F(SvarInnTest, AnythingMayBeInjected) {
  auto& svarinn = national_.svarinn();
  InjectedItem item;
  item.username = "mottak";
  item.item = json::object{{"mottaker", json::object{{"orgnr", municipality}}}, {"filmetadata", nullptr}};
  item.content = "no zip at all";
  const auto id = svarinn.inject(item);
  EXPECT_EQ(opened(id), "no zip at all");
  item.encrypt_for = Keys::get().agency_identity.certificate;
  EXPECT_EQ(opened(svarinn.inject(item)), "not for this key");
  item.encrypt = false;
  item.encrypt_for.reset();
  EXPECT_EQ(download(svarinn.inject(item)).body, "no zip at all");
  item.item = json::array{1, 2};
  svarinn.inject(item);
  EXPECT_EQ(listed(mottak()).back(), (json::array{1, 2}));
  EXPECT_EQ(told("download", id), 1U);
  EXPECT_EQ(fail(id, {{"feilmelding", "x"}, {"permanent", true}}).status, 200);
  EXPECT_EQ(listed(mottak()).size(), 3U);
}

TEST_F(SvarInnTest, ListsAreSpoiled) {
  const auto id = sent();
  const auto good = listed(mottak());
  for (const auto& flaw : list_flaws()) {
    const auto fault = "svarinn.list." + std::string(flaw.name);
    arm(fault, 1, id);
    EXPECT_NE(listed(mottak()), good) << fault;
    EXPECT_EQ(national_.faults().met(fault), 1U) << fault;
    EXPECT_EQ(listed(mottak()), good) << fault;
  }
  arm("svarinn.list.cut", 1, "mottak");
  EXPECT_EQ(listed(mottak()), json::array{"not readable"});
}

TEST_F(SvarInnTest, DownloadsAreSpoiled) {
  const auto id = sent();
  const auto whole = download(id).body.size();
  arm("svarinn.download.truncated", 1, id);
  EXPECT_EQ(download(id).body.size(), whole / 2);
  arm("svarinn.download.reset", 1, id);
  net::ClientRequest request;
  request.url = inn("/forsendelse/" + id);
  request.headers = mottak();
  EXPECT_FALSE(http_.send(request).has_value());
  arm("svarinn.download.wrong_certificate", 1, id);
  EXPECT_EQ(opened(id), "not for this key");
  arm("svarinn.download.lone_file", 1, id);
  EXPECT_EQ(opened(id), "%PDF-1.7 brev");
  arm("svarinn.download.no_type", 1, id);
  EXPECT_EQ(download(id).header("Content-Type"), "");
  arm("svarinn.download.folders", 1, id);
  EXPECT_EQ(entries(opened(id)).front(), "mappe/brev.pdf=%PDF-1.7 brev");
  arm("svarinn.download.traversal", 1, id);
  const auto hostile = opened(id);
  EXPECT_THAT(hostile, HasSubstr("../brev.pdf"));
  EXPECT_EQ(entries(hostile), std::vector<std::string>{"zip.name"});
}

TEST_F(SvarInnTest, CallsFailWhenTold) {
  national_.svarinn().add_system(system("annen", agency, Keys::get().agency_identity));
  const auto id = sent();
  const auto list = inn("/mottaker/hentNyeForsendelser");
  arm("svarinn.401", std::nullopt, "annen");
  EXPECT_EQ(get(list, basic("annen", "pæss")).status, 401);
  EXPECT_EQ(get(list, mottak()).status, 200);
  arm("svarinn.list.502");
  EXPECT_THAT(get(list, mottak()).body, HasSubstr("<html>"));
  arm("svarinn.download.404", 1, id);
  EXPECT_EQ(download(id).status, 404);
  arm("svarinn.mottakFeilet.500", 1, id);
  EXPECT_EQ(fail(id, {{"feilmelding", "x"}, {"permanent", true}}).status, 500);
  arm("svarinn.reset");
  net::ClientRequest request;
  request.url = list;
  request.headers = mottak();
  EXPECT_FALSE(http_.send(request).has_value());
  arm("svarinn.kvitterMottak.500_after", 1, id);
  EXPECT_EQ(acknowledge(id).status, 500);
  EXPECT_EQ(status_of(id), "LEST");
  const auto second = sent();
  arm("svarinn.kvitterMottak.lost_answer", 1, second);
  request.method = "POST";
  request.url = inn("/kvitterMottak/forsendelse/" + second);
  EXPECT_FALSE(http_.send(request).has_value());
  EXPECT_EQ(status_of(second), "LEST");
}

}  // namespace
}  // namespace kanal::sim::testing
