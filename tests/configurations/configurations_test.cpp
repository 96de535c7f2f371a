// Kanal on three configurations as operators of the Java version wrote them, not a byte changed. Only addresses are
// overridden, and only from outside: on the command line. A message goes through each of them, end to end.
#include <csignal>

#include <fstream>

#include <gmock/gmock.h>
#include <sys/wait.h>

#include "app/case_system.hpp"
#include "app/sandbox/sandbox.hpp"
#include "base/reserved_port.hpp"
#include "base/testing.hpp"
#include "crypto/issue.hpp"
#include "crypto/keystore.hpp"
#include "formats/zip_testing.hpp"
#include "sim/mail_server.hpp"
#include "sim/national.hpp"
#include "store/postgres/testing_cluster.hpp"

namespace kanal::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr milliseconds patience{60'000};

template <class Condition>
bool eventually(Condition condition) {
  const auto limit = steady_clock::now() + patience;
  while (steady_clock::now() < limit) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(50));
  }
  return false;
}

class Configurations : public ::testing::Test {
 protected:
  /// The sandbox has a main installation of each organisation; the one under test is started beside or instead of them.
  void SetUp() override {
    SandboxPlan plan;
    plan.folder = folder_.path() / "sandbox";
    plan.program = kanal::testing::kanal_program();
    plan.polling = milliseconds(100);
    plan.installations = {{"agency", agency_orgnr, "", {}}, {"municipality", municipality_orgnr, "", {}}};
    auto made = Sandbox::make(std::move(plan), clock_, log_);
    ASSERT_TRUE(made.has_value()) << made.error().text();
    sandbox_ = std::move(*made);
  }

  /// The operator's folder: the file as it is, and the keystore it names.
  void lay_out(const std::string& file, const std::string& of, const std::string& keystore, const std::string& alias,
               const std::string& password) {
    const fs::path source = fs::path(CONFIGURATIONS) / file;
    const auto own = "integrasjonspunkt-local" + source.extension().string();
    fs::create_directories((home_ / keystore).parent_path());
    fs::copy_file(source, home_ / own);
    const auto identity = identity_of(of);
    const bool jks = keystore.ends_with(".jks");
    const fs::path pkcs12 = jks ? folder_.path() / "before.p12" : home_ / keystore;
    write(pkcs12, crypto::write_pkcs12(identity, alias, Secret(password)));
    if (!jks) return;
    // As the operator made it: by Java.
    auto keytool = ChildProcess::start(
        KEYTOOL,
        {"-importkeystore", "-noprompt", "-srckeystore", pkcs12.string(), "-srcstorepass", password, "-srcstoretype",
         "PKCS12", "-destkeystore", (home_ / keystore).string(), "-deststorepass", password, "-deststoretype", "JKS"},
        folder_.path() / "keytool.txt");
    ASSERT_TRUE(keytool.has_value());
    ASSERT_EQ(keytool->wait(patience), 0) << kanal::testing::read_file(folder_.path() / "keytool.txt");
    ASSERT_TRUE(kanal::testing::read_file(home_ / keystore).starts_with("\xFE\xED\xFE\xED"));
  }
  /// Of an installation of the sandbox.
  [[nodiscard]] crypto::Identity identity_of(const std::string& name) {
    auto entries = crypto::read_keystore(*read_bytes(sandbox_->folder(name) / "keystore.p12"), Secret("sandbox"));
    EXPECT_TRUE(entries.has_value());
    auto identity = crypto::find_identity(entries.value(), "");
    EXPECT_TRUE(identity.has_value());
    return std::move(identity.value());
  }
  static std::optional<Bytes> read_bytes(const fs::path& path) {
    return copy_of(bytes_of(kanal::testing::read_file(path)));
  }
  static void write(const fs::path& path, const Bytes& content) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text_of(content);
  }

  /// Addresses, and what belongs to them: whom to trust, how often to ask, no comparison with a time server.
  [[nodiscard]] std::vector<std::string> addresses() {
    auto& national = sandbox_->national();
    const std::string ca = (sandbox_->folder("") / "ca.pem").string();
    return {"--server.port=" + std::to_string(port_.number()),
            "--difi.move.oidc.url=" + national.token_url(),
            "--difi.move.oidc.audience=" + national.audience(),
            "--difi.move.serviceregistryEndpoint=" + national.registry_url(),
            "--difi.move.dpo.brokerserviceUrl=" + national.broker_url(),
            "--difi.move.dpo.altinnTokenExchangeUrl=" + national.exchange_url(),
            "--difi.move.dpo.pollingrate=100",
            "--app.logger.destination=127.0.0.1:1",
            "--kanal.tls.extra-ca=" + ca,
            "--kanal.asic.trusted-ca=" + ca,
            "-Ddifi.move.ntp.disable=true"};
  }
  std::vector<std::string> command(const std::vector<std::string>& words, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"--folder", home_.string()});
    for (const auto& argument : addresses()) all.push_back(argument);
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::string output(const std::vector<std::string>& arguments, int expected) {
    const auto file = folder_.path() / "output.txt";
    fs::remove(file);
    auto process = ChildProcess::start(kanal::testing::kanal_program(), arguments, file);
    EXPECT_TRUE(process.has_value());
    EXPECT_EQ(process->wait(patience), expected) << kanal::testing::read_file(file);
    return kanal::testing::read_file(file);
  }

  void start(const std::string& scheme, net::HttpClient& http, const std::vector<std::string>& more = {}) {
    url_ = scheme + "://127.0.0.1:" + std::to_string(port_.number());
    auto process = ChildProcess::start(kanal::testing::kanal_program(), command({"serve"}, more), log_file());
    ASSERT_TRUE(process.has_value());
    process_.emplace(std::move(*process));
    net::ClientRequest request;
    request.url = url_ + "/manage/health";
    ASSERT_TRUE(eventually([&] {
      const auto answer = http.send(request);
      return (answer && answer->ok()) || process_->ended();
    }));
    ASSERT_FALSE(process_->ended()) << said();
  }
  [[nodiscard]] fs::path log_file() const { return folder_.path() / "kanal.log"; }
  std::string said() const { return kanal::testing::read_file(log_file()); }

  /// From the installation under test to `receiver`'s main installation, until it is read and acknowledged there.
  void send_through(CaseSystem sender, const std::string& receiver, const std::string& orgnr) {
    auto started = sandbox_->start(receiver);
    ASSERT_TRUE(started.has_value()) << started.error().text();
    Letter letter;
    letter.receiver = "0192:" + orgnr;
    letter.files.push_back({"brev.pdf", "application/pdf", make_pdf("Brev")});
    const auto sent = sender.send(letter);
    ASSERT_TRUE(sent.has_value()) << sent.error().text() << said();
    CaseSystem archive(sandbox_->url(receiver), sandbox_->http());
    std::string popped;
    EXPECT_TRUE(eventually([&] {
      const auto peeked = archive.peek();
      if (!peeked || !*peeked) return false;
      if ((*peeked)->message_id != *sent) return false;
      const auto package = archive.pop(*sent);
      if (package && *package) popped = **package;
      return archive.remove(*sent).has_value();
    })) << said();
    EXPECT_THAT(popped, HasSubstr("brev.pdf"));
    std::vector<std::string> statuses;
    EXPECT_TRUE(eventually([&] {
      statuses.clear();
      const auto seen = sender.statuses(*sent);
      if (!seen) return false;
      for (const auto& one : *seen) statuses.push_back(one.status);
      return std::ranges::find(statuses, "LEVERT") != statuses.end();
    })) << ::testing::PrintToString(statuses)
        << said();
  }
  std::string post_at_ks();
  void run_municipality(const std::vector<std::string>& store);
  void expect_no_secret(const std::vector<std::string>& secrets) const {
    std::string all = said();
    for (const auto& entry : fs::recursive_directory_iterator(home_)) {
      if (entry.path().extension() == ".log") all += kanal::testing::read_file(entry.path());
    }
    for (const auto& secret : secrets) EXPECT_THAT(all, Not(HasSubstr(secret)));
  }

  kanal::testing::TemporaryFolder folder_;
  fs::path home_ = folder_.path() / "operator";
  SystemClock clock_;
  SilentLog log_;
  ReservedPort port_;
  std::string url_;
  std::unique_ptr<Sandbox> sandbox_;
  std::optional<ChildProcess> process_;
};

TEST_F(Configurations, SmallAgency) {
  lay_out("small-agency.properties", "agency", "virksomhet.jks", "virksomhet", "changeit");
  const auto check = output(command({"config", "check"}), 0);
  EXPECT_THAT(check, HasSubstr("blanks around the value were removed"));
  EXPECT_THAT(check, HasSubstr("obsolete      integrasjonspunkt-local.properties:30: difi.move.dpo.username"));
  EXPECT_THAT(check, HasSubstr("ready to start"));
  EXPECT_THAT(check, Not(HasSubstr("unknown  ")));
  EXPECT_THAT(check, Not(HasSubstr("changeit")));
  start("http", sandbox_->http());
  send_through(CaseSystem(url_, sandbox_->http()), "municipality", municipality_orgnr);
  EXPECT_THAT(said(), HasSubstr("only_this_machine_may_connect"));
  EXPECT_THAT(said(), HasSubstr("anyone who reaches the port"));
  expect_no_secret({"changeit", "gammelt-passord"});
}

/// Both accounts of the municipality's file, with a letter to the harbour in its own; gives its id.
std::string Configurations::post_at_ks() {
  auto& ks = sandbox_->national().svarut().state();
  const auto certificate = identity_of("municipality").certificate;
  ks.add_system({"bergvik-inn", "fiks-inn-passord", {municipality_orgnr}, certificate});
  ks.add_system({"havn-inn", "havn-inn-passord", {"310702005"}, certificate});
  sim::InjectedItem letter;
  letter.username = "havn-inn";
  letter.item = boost::json::object{{"tittel", "Kaiplass"}, {"mottaker", boost::json::object{{"orgnr", "310702005"}}}};
  letter.content = formats::testing::make_zip({{"kaiplass.pdf", "%PDF-1.7"}});
  return ks.inject(std::move(letter));
}

/// `store` says from outside where the messages are kept.
void Configurations::run_municipality(const std::vector<std::string>& store) {
  lay_out("municipality.yml", "municipality", "sertifikat/virksomhet.p12", "bergvik", "virksomhet-passord");
  const auto now = clock_.now();
  const auto ca = crypto::make_ca("Bergvik CA", now - hours(1), now + hours(24));
  const auto tls = crypto::issue(ca, {"localhost", "Bergvik", "", {"127.0.0.1"}, now - hours(1), now + hours(24)});
  write(home_ / "tls/server.p12", crypto::write_pkcs12(tls, "server", Secret("tls-passord")));
  for (const auto& [orgnr, name] :
       {std::pair("310702005", "bergvik_havn"), {"310702013", "bergvik_vann"}, {"310702021", "bergvik_kulturhus"}}) {
    sandbox_->national().approve_system_user(std::string("MOVE_IP_") + municipality_orgnr, orgnr, name);
  }
  const auto check = output(command({"config", "check"}), 0);
  EXPECT_THAT(check,
              HasSubstr("used          integrasjonspunkt-local.yml:70: difi.move.fiks.inn.username = bergvik-inn"));
  EXPECT_THAT(check, Not(HasSubstr("unknown  ")));
  net::ClientOptions options;
  options.ca_pem = ca.certificate.pem();
  net::HttpClient http(std::move(options));
  sim::MailServer mail({tls, {{"integrasjonspunkt", "epost-passord"}}, true});
  ASSERT_TRUE(mail.start().has_value());
  std::vector<std::string> outside{"--difi.move.mail.smtpHost=127.0.0.1",
                                   "--difi.move.mail.smtpPort=" + std::to_string(mail.port()),
                                   "--difi.move.mail.trust=127.0.0.1"};
  outside.insert(outside.end(), store.begin(), store.end());
  outside.push_back("--difi.move.fiks.inn.baseUrl=" + sandbox_->national().svarinn_url());
  const auto to_the_port = post_at_ks();
  start("https", http, outside);
  net::ClientRequest request;
  request.url = url_ + "/api/conversations";
  const auto refused = http.send(request);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 401);
  CaseSystem archive(url_, http, "sakarkiv:s3cret: med kolon # og skigard");
  ASSERT_TRUE(eventually([&] {
    const auto peeked = archive.peek();
    return peeked && *peeked && (*peeked)->message_id == to_the_port;
  })) << said();
  ASSERT_TRUE(archive.pop(to_the_port) && archive.remove(to_the_port));
  send_through(std::move(archive), "agency", agency_orgnr);
  expect_no_secret(
      {"s3cret", "fiks-ut-passord", "fiks-inn-passord", "havn-inn-passord", "epost-passord", "virksomhet-passord"});
}

TEST_F(Configurations, Municipality) {
  run_municipality({});
  EXPECT_TRUE(fs::exists(home_ / "data" / "kanal.db"));
}

TEST_F(Configurations, MunicipalityOnPostgres) {
  auto& cluster = store::postgres::TestCluster::get();
  run_municipality({"--difi.datasource.url=" + cluster.jdbc_url(cluster.new_database()),
                    std::string("--difi.datasource.username=") + store::postgres::TestCluster::user,
                    std::string("--difi.datasource.password=") + store::postgres::TestCluster::password});
  for (const auto& entry : fs::recursive_directory_iterator(home_)) {
    EXPECT_NE(entry.path().filename(), "kanal.db") << "the embedded store was used as well";
  }
}

TEST_F(Configurations, VendorWithChannels) {
  lay_out("vendor-with-channels.properties", "agency", "keystore/virksomhet.p12", "virksomhet", "kunde-passord");
  const auto check = output(command({"config", "check"}), 0);
  EXPECT_THAT(check, HasSubstr("is used in other values"));
  EXPECT_THAT(check, Not(HasSubstr("unknown  ")));
  EXPECT_THAT(output(command({"config", "explain", "difi.move.dpo.message-channel"}), 0), HasSubstr("fagsys-a"));
  // The archive's installation reads the same inbox, and must not get what belongs to the channel.
  ASSERT_TRUE(sandbox_->start("agency").has_value());
  start("http", sandbox_->http());
  send_through(CaseSystem(url_, sandbox_->http(), "fagsystem:pålo#gg=inn"), "municipality", municipality_orgnr);
  // An answer without a channel is the archive's, not the vendor's.
  Letter letter;
  letter.receiver = std::string("0192:") + agency_orgnr;
  letter.files.push_back({"svar.pdf", "application/pdf", make_pdf("Svar")});
  const auto sent = CaseSystem(sandbox_->url("municipality"), sandbox_->http()).send(letter);
  ASSERT_TRUE(sent.has_value()) << sent.error().text();
  CaseSystem archive(sandbox_->url("agency"), sandbox_->http());
  EXPECT_TRUE(eventually([&] {
    const auto peeked = archive.peek();
    return peeked && *peeked && (*peeked)->message_id == *sent;
  }));
  const auto vendor = CaseSystem(url_, sandbox_->http(), "fagsystem:pålo#gg=inn").peek();
  ASSERT_TRUE(vendor.has_value()) << vendor.error().text();
  EXPECT_FALSE(vendor->has_value());
  expect_no_secret({"kunde-passord", "pålo#gg=inn"});
}

TEST_F(Configurations, EveryFaultAtOnceOnOneScreen) {
  lay_out("small-agency.properties", "agency", "virksomhet.jks", "virksomhet", "et annet passord");
  const auto check = output(command({"config", "check"}), 1);
  EXPECT_THAT(check, HasSubstr("wrong         integrasjonspunkt-local.properties:8: difi.move.org.keystore.path"));
  const auto said = output(command({"serve"}, {"--kanal.http.allow=10.0.0.0/99", "--difi.ssl.enabled=true",
                                               "--difi.move.dpo.message-channel=med mellomrom"}),
                           2);
  for (const auto* part :
       {"integrasjonspunkt-local.properties:8: difi.move.org.keystore.path", "kanal.http.allow",
        "difi.ssl.key-store is required", "must match ^[a-zA-Z0-9-_]{0,25}$", "nothing was started"}) {
    EXPECT_THAT(said, HasSubstr(part));
  }
  EXPECT_LE(std::ranges::count(said, '\n'), 24);
  EXPECT_THAT(said, Not(HasSubstr("changeit")));
}

}  // namespace
}  // namespace kanal::app
