// Letters through real installations, Altinn Correspondence (DPV) and KS SvarUt by REST (DPF), over TLS, everything on
// this machine's cores:
//   bench_letters FOLDER KANAL [dpv N] [svarut N] [svarinn] [open N] [large BYTES]
// `svarinn` fetches what `svarut` sent: it waits for the installation `fjordvik`, which is not started before. `large`
// has one letter fetched there, too.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/open_letters.hpp"
#include "bench/stage.hpp"
#include "ops/config.hpp"
#include "sim/national.hpp"

namespace {

using namespace kanal;
using namespace kanal::bench;
using namespace std::chrono;

constexpr std::size_t document_bytes = 10'000;
/// So many open letters may cost a processor second a minute.
constexpr int goal_of_open = 100'000;
constexpr const char* sent_count = "/api/statuses?status=SENDT&size=1";

/// Intervals as they are when nobody sets them, where the sandbox has short ones.
std::map<std::string, std::string> settings_of_sender() {
  auto settings = usual_settings();
  settings["kanal.status.interval"] = "60000";
  settings["difi.move.dpo.pollingrate"] = "15000";
  settings["difi.move.dpi.pollingrate"] = "10000";
  settings["difi.move.nextmove.ttlPollingrate"] = "30000";
  settings["difi.move.dpv.upload-size-limit"] = std::to_string(largest);
  settings["difi.move.fiks.ut.upload-size-limit"] = std::to_string(largest);
  settings["difi.move.fiks.ut.ekskluderesFraPrint"] = "zip";
  return settings;
}

/// Open letters lie in stores of their own, one for each measurement.
constexpr const char* up_to_a_month = "month";
constexpr const char* up_to_a_year = "year";

std::vector<app::InstallationPlan> installations() {
  const app::DpfUse sends{true, false};
  std::vector<app::InstallationPlan> all{{"agency", app::agency_orgnr, "", settings_of_sender(), sends},
                                         {"fjordvik", app::fjordvik_orgnr, "", usual_settings(), {false, true}, true}};
  for (const std::string service : {"dpv", "svarut"}) {
    for (const std::string age : {up_to_a_month, up_to_a_year}) {
      all.push_back({service + "-" + age, app::agency_orgnr, "", settings_of_sender(),
                     service == "svarut" ? sends : app::DpfUse{}});
    }
  }
  return all;
}

/// One of the two services, and what its simulator says of it.
class Post {
 public:
  Post(std::string name, ServiceIdentifier service, std::string receiver)
      : name(std::move(name)), service(std::move(service)), receiver(std::move(receiver)) {}
  Post(const Post&) = delete;
  Post& operator=(const Post&) = delete;
  virtual ~Post() = default;

  /// How many have arrived.
  virtual std::uint64_t arrived() = 0;
  /// Size of the only document of a letter; 0 when it is not there once with one document.
  virtual std::uint64_t arrived_bytes(const std::string& message_id) = 0;
  /// Letters that nobody reads, of the organisation of `stage`'s installation `name`; gives their ids.
  virtual std::vector<std::string> put(std::int64_t count, const std::string& installation) = 0;
  /// How many have been asked about.
  virtual std::uint64_t asked() = 0;

  const std::string name;
  const ServiceIdentifier service;
  const std::string receiver;  ///< nine digits
};

class Dpv final : public Post {
 public:
  explicit Dpv(Stage& stage)
      : Post("dpv", ServiceIdentifier("DPV"), app::company_orgnr),
        state_(stage.sandbox->national().correspondence().state()) {
    state_.set_behaviour(receiver, {sim::CorrespondenceFate::unread, {}});
  }
  std::uint64_t arrived() override { return state_.size(); }
  std::uint64_t arrived_bytes(const std::string& message_id) override {
    const auto found = state_.find_by_reference(message_id);
    return found.size() == 1 && found[0].files.size() == 1 ? found[0].files[0].size : 0;
  }
  std::vector<std::string> put(std::int64_t count, const std::string& /*installation*/) override {
    sim::CorrespondenceRequest letter;
    letter.resource = "eformidling-dpv-administrasjon";
    letter.title = "Brev";
    letter.recipients = {"urn:altinn:organization:identifier-no:" + receiver};
    const auto request = std::make_shared<const sim::CorrespondenceRequest>(std::move(letter));
    std::vector<std::string> ids;
    for (std::int64_t i = 0; i < count; ++i) {
      auto accepted = state_.accept(request, {}, {app::agency_orgnr, "bench"});
      if (accepted) ids.push_back(std::move(accepted->front().id));
    }
    return ids;
  }
  std::uint64_t asked() override { return state_.counters()["overview"]; }

 private:
  sim::CorrespondenceState& state_;
};

class SvarUt final : public Post {
 public:
  explicit SvarUt(Stage& stage) : Post("svarut", ServiceIdentifier("DPF"), app::fjordvik_orgnr), stage_(stage) {}
  std::uint64_t arrived() override {
    const auto newest = state().forsendelser(1);
    return newest.empty() ? 0 : newest.front().number;
  }
  std::uint64_t arrived_bytes(const std::string& message_id) override {
    const auto newest = state().forsendelser(1);
    const bool there = !newest.empty() && newest[0].ekstern_ref == message_id && newest[0].dokumenter.size() == 1;
    return there ? newest[0].dokumenter[0].size : 0;
  }
  std::vector<std::string> put(std::int64_t count, const std::string& installation) override {
    sim::Forsendelse letter;
    letter.konto_id = account_of(installation);
    letter.tittel = "Brev";
    // Told of by mail, as who has no receiving system: in no queue.
    letter.mottaker = app::company_orgnr;
    std::vector<std::string> ids;
    for (std::int64_t i = 0; i < count; ++i) {
      if (auto accepted = state().accept(letter)) ids.push_back(std::move(*accepted));
    }
    return ids;
  }
  /// The trail is bounded; it is cleared before it is counted in.
  std::uint64_t asked() override {
    sim::AuditFilter filter;
    filter.simulator = "svarut";
    filter.action = "status";
    return stage_.sandbox->national().audit().count(filter);
  }

 private:
  sim::SvarUtState& state() { return stage_.sandbox->national().svarut().state(); }
  /// What the sandbox wrote into its configuration; empty when that cannot be read.
  const std::string& account_of(const std::string& installation) {
    auto& account = accounts_[installation];
    if (!account.empty()) return account;
    ops::ConfigSources sources;
    sources.folder = stage_.sandbox->folder(installation);
    if (const auto config = ops::Config::load(sources)) {
      account = config->text_or("difi.move.fiks.ut.rest.kontoid", "");
    }
    return account;
  }

  Stage& stage_;
  std::map<std::string, std::string> accounts_;
};

app::Letter letter_to(const Post& post, app::OutgoingFile file) {
  app::Letter letter;
  letter.receiver = "0192:" + post.receiver;
  letter.files.push_back(std::move(file));
  return letter;
}

void outbound(Stage& stage, Post& post, int count) {
  stage.start("agency");
  const std::string content = random_text(document_bytes);
  const auto make = [&] { return letter_to(post, {"brev.pdf", "application/pdf", content}); };
  const auto submit = [&](int number) {
    const auto before = stage.count("agency", sent_count);
    const double seconds = submit_many(stage, number, make);
    wait_for([&] { return stage.count("agency", sent_count) >= before + number; });
    return seconds;
  };
  submit(50);  // warm
  const auto arrived = post.arrived();
  const auto before = stage.count("agency", sent_count);
  const pid_t pid = stage.sandbox->process("agency")->pid();
  const double used = processor_time(pid);
  const Stopwatch watch;
  const double submitted = submit(count);
  const double seconds = watch.seconds();
  const auto sent = stage.count("agency", sent_count) - before;
  report(post.name + ".submit.10k", count / submitted, "1/s", {{"clients", clients}});
  report(post.name + ".outbound.10k", static_cast<double>(sent) / seconds, "1/s",
         {{"goal", 500},
          {"messages", count},
          {"arrived", post.arrived() - arrived},
          {"installation_ms_each", (processor_time(pid) - used) * 1e3 / static_cast<double>(sent)},
          {"bound", "both cores: client, installation and simulators share them"}});
}

constexpr const char* received_count = "/api/statuses?status=INNKOMMENDE_MOTTATT&size=1";

/// Fetches all that waits at SvarInn.
void inbound(Stage& stage, Post& svarut) {
  const auto waiting = static_cast<std::int64_t>(svarut.arrived());
  const Stopwatch watch;
  stage.start("fjordvik");
  wait_for([&] { return stage.count("fjordvik", received_count) >= waiting; });
  const double seconds = watch.seconds();
  const auto received = static_cast<double>(stage.count("fjordvik", received_count));
  report("svarinn.stored.10k", received / seconds, "1/s",
         {{"goal", 500},
          {"messages", waiting},
          {"installation_ms_each", processor_time(stage.sandbox->process("fjordvik")->pid()) * 1e3 / received},
          {"bound", "RSA decryption here and encryption there, one signature, three requests each, fsync"}});
  stage.sandbox->stop("fjordvik");
}

/// A minute of an installation that does nothing but ask about letters that nobody reads.
void follow_open(Stage& stage, Post& post, int count, const std::string& age) {
  const auto installation = post.name + "-" + age;
  const Duration oldest = age == up_to_a_month ? days(30) : days(365);
  OpenLetters letters{post.service,  app::agency_orgnr,
                      post.receiver, count,
                      oldest,        [&](std::int64_t number) { return post.put(number, installation); }};
  const double expected = store_open_letters(stage.sandbox->folder(installation), letters, stage.clock, stage.log);
  stage.start(installation);
  // What became due while the store was filled is asked about at once; that is over by then.
  std::this_thread::sleep_for(seconds(10));
  stage.sandbox->national().audit().clear();
  const auto asked = post.asked();
  const pid_t pid = stage.sandbox->process(installation)->pid();
  const double used = processor_time(pid);
  const Stopwatch watch;
  std::this_thread::sleep_for(minutes(1));
  const double part_of_minute = watch.seconds() / 60;
  const double spent = processor_time(pid) - used;
  const auto questions = static_cast<double>(post.asked() - asked);
  boost::json::object more{
      {"open", count},
      {"oldest_days", duration_cast<days>(oldest).count()},
      {"questions_per_minute", questions / part_of_minute},
      {"questions_expected", expected},
      {"us_per_question", spent * 1e6 / questions},
      {"resident_MB", memory(pid, "VmRSS")},
      {"bound", "all that the process does in a minute; ages spread evenly, intervals as they are by default"}};
  if (count >= goal_of_open) more["goal"] = 1;
  report(post.name + ".open." + age, spent / part_of_minute, "CPU-s/min", std::move(more));
  stage.sandbox->stop(installation);
}

void large(Stage& stage, Post& post, std::uint64_t bytes) {
  stage.sandbox->stop("agency");
  stage.start("agency");
  const auto path = stage.sandbox->folder("") / "large.zip";
  {
    std::ofstream file(path, std::ios::binary);
    const std::string block = random_text(std::size_t{1} << 20);
    for (std::uint64_t left = bytes; left > 0;) {
      const auto part = std::min<std::uint64_t>(left, block.size());
      file.write(block.data(), static_cast<std::streamsize>(part));
      left -= part;
    }
  }
  app::CaseSystem client(stage.sandbox->url("agency"), stage.sandbox->http());
  const Stopwatch watch;
  const auto id = client.send(letter_to(post, {"large.zip", "application/zip", {}, path}));
  if (!id) {
    std::cerr << id.error().text() << "\n";
    return;
  }
  const double uploaded = watch.seconds();
  wait_for([&] { return stage.count("agency", sent_count + ("&messageId=" + *id)) > 0; });
  const double seconds = watch.seconds();
  if (post.arrived_bytes(*id) != bytes) {
    std::cerr << post.name << ": the large letter did not arrive whole\n";
    return;
  }
  const double gigabytes = static_cast<double>(bytes) / 1e9;
  report(post.name + ".large.sent", gigabytes / seconds, "GB/s",
         {{"gigabytes", gigabytes}, {"upload_s", uploaded}, {"sent_s", seconds}});
  report(post.name + ".large.peak_resident", memory(stage.sandbox->process("agency")->pid(), "VmHWM"), "MB",
         {{"goal", 96}});
  std::filesystem::remove(path);
}

/// Fetches the large letter that was sent over SvarUt.
void large_inbound(Stage& stage, std::uint64_t bytes) {
  stage.sandbox->stop("fjordvik");
  const Stopwatch watch;
  stage.start("fjordvik");
  const auto before = stage.count("fjordvik", received_count);
  wait_for([&] { return stage.count("fjordvik", received_count) > before; });
  if (stage.count("fjordvik", received_count) == before) {
    std::cerr << "svarinn: the large letter did not arrive\n";
    return;
  }
  const double gigabytes = static_cast<double>(bytes) / 1e9;
  report("svarinn.large.stored", gigabytes / watch.seconds(), "GB/s", {{"gigabytes", gigabytes}});
  report("svarinn.large.peak_resident", memory(stage.sandbox->process("fjordvik")->pid(), "VmHWM"), "MB",
         {{"goal", 96}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "bench_letters FOLDER KANAL [dpv N] [svarut N] [svarinn] [open N] [large BYTES]\n";
    return 2;
  }
  Stage stage(argv[1], argv[2], installations());
  Dpv dpv(stage);
  SvarUt svarut(stage);
  for (int i = 3; i < argc; ++i) {
    const std::string what = argv[i];
    if (what == "svarinn") {
      inbound(stage, svarut);
      continue;
    }
    const std::uint64_t number = i + 1 < argc ? std::stoull(argv[++i]) : 0;
    if (what == "dpv") outbound(stage, dpv, static_cast<int>(number));
    if (what == "svarut") outbound(stage, svarut, static_cast<int>(number));
    for (Post* post : {static_cast<Post*>(&dpv), static_cast<Post*>(&svarut)}) {
      if (what == "large") large(stage, *post, number);
      if (what != "open") continue;
      stage.sandbox->stop("agency");
      for (const auto* age : {up_to_a_month, up_to_a_year}) follow_open(stage, *post, static_cast<int>(number), age);
    }
    if (what == "large") large_inbound(stage, number);
  }
}
