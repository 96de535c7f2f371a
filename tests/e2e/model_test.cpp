// The random life over DPO and DPI: channels, and whoever has none (model.hpp). 25 seeds by default, a thousand with
// LONG_TESTS, or the one that KANAL_SEED names.
#include "tests/e2e/model.hpp"
#include "domain/channel.hpp"

namespace kanal::testing {
namespace {

using namespace std::chrono;
using ::testing::ElementsAre;

const Names all_five{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"};
const Names delivered{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"};
const std::string resident = "21868110187";

/// How the installations of S are kept apart, or not.
enum class Arrangement {
  right,      ///< one main, others with channels of their own
  namesakes,  ///< two with the same channel
  two_mains,  ///< two without a channel
  neighbour,  ///< the one without a channel is another product, which takes whatever the reference takes
  abroad,     ///< another organisation has an installation with the same channel names
};
constexpr unsigned arrangements = 5;
const std::string neighbour_client = "neighbour-" + s_org;
const std::string neighbour_channel = "neighbour";

/// A letter to a resident, and who sent it.
struct Post {
  std::string sender;
  bool opened = false;  ///< a receipt for the opening was ordered
};

class ChannelLife final : public Life {
 public:
  explicit ChannelLife(unsigned seed) : Life(seed), arrangement_(static_cast<Arrangement>(seed % arrangements)) {
    receipts_ = true;
    sim::Resident digital;
    digital.id = resident;
    digital.name = "Kari Nordvik";
    digital.mailbox.emplace();
    digital.mailbox->address = "kari.nordvik#7QXD";
    EXPECT_TRUE(national.register_resident(digital));
    channels_ = {{"S-main", ""}, {"S-A", "A"}, {"S-B", "B"}, {"R", ""}};
    if (arrangement_ == Arrangement::neighbour) {
      channels_.erase("S-main");
      neighbour_ = std::make_unique<RawPeer>(national, http, clock, log, BenchKeys::get().organisations.at(s_org),
                                             neighbour_client, s_org);
    }
    if (arrangement_ == Arrangement::abroad) channels_["T-A"] = "A";
    if (arrangement_ == Arrangement::namesakes) channels_["S-C"] = "A";
    if (arrangement_ == Arrangement::two_mains) channels_["S-B"] = "";
    for (const auto& [name, channel] : channels_) {
      names_.insert(name);
      restart(name);
    }
  }

  void judge() override {
    judge_post();
    for (const auto& [id, name] : sender_) {
      if (to_neighbour(name)) {
        EXPECT_THAT(statuses(name, id), ::testing::UnorderedElementsAreArray(delivered)) << id << " sent by " << name;
        EXPECT_TRUE(receivers_of(id).empty()) << id;
        continue;
      }
      EXPECT_THAT(statuses(name, id), ::testing::UnorderedElementsAreArray(all_five)) << id << " sent by " << name;
      const std::string receiver = name == "R" ? "S-main" : "R";
      EXPECT_THAT(receivers_of(id), ElementsAre(receiver)) << id << " sent by " << name;
      EXPECT_THAT(receipts_for(id), ElementsAre(name)) << id;
      for (const auto& [other, channel] : channels_) {
        if (other == name || other == receiver) continue;
        EXPECT_TRUE(statuses(other, id).empty()) << other << " knows " << id;
      }
    }
    for (const auto& delivery : deliveries) {
      if (!delivery.related_to.empty())
        sender_[delivery.message_id] = sender_[delivery.related_to] == "R" ? "S-main" : "R";
    }
    // A status that was sent again after a death may have been under way when all else had arrived.
    auto documents = ledger.read();
    EXPECT_TRUE(eventually([&] {
      documents = ledger.read();
      return std::ranges::none_of(documents, [](const auto& one) { return one.confirmed_by.empty(); });
    })) << "something stays at the service";
    for (const auto& document : documents) {
      EXPECT_THAT(document.confirmed_by, ElementsAre(owner_of(document)))
          << document.type << document.status << " about " << document.about << " on " << document.reference;
      if (!keeps_apart()) continue;
      EXPECT_THAT(document.downloaded_by, ::testing::Each(owner_of(document)))
          << document.type << document.status << " about " << document.about << " on " << document.reference;
    }
    if (!keeps_apart()) return;
    // Neither crashes nor copies nor new channel names look like theft; only the names that were left are noted.
    for (const auto& [name, channel] : channels_) {
      EXPECT_THAT(alarms(name), ::testing::Each(::testing::StartsWith("D10 "))) << name;
    }
  }

 private:
  InstallationSetup setup_of(const std::string& name) override {
    const auto& channel = channels_[name];
    InstallationSetup setup{name, organisation_of(name), channel};
    if (name != "R") {
      setup.settings = {"--difi.move.feature.enableDPI=true",
                        "--difi.move.dpi.mpcId=" + (channel.empty() ? "main" : "kanal_" + channel),
                        "--difi.move.dpi.uri=" + national.corner2_url(),
                        "--difi.move.dpi.krr-print-url=" + national.krr_print_url(), "--difi.move.dpi.pollingrate=50"};
    }
    return setup;
  }
  void calm_down() override {
    national.broker().state().set_scan_time(milliseconds(0));
    set_post_delays(milliseconds(0));
  }
  void meanwhile() override { neighbour_takes(); }
  bool is_settled() override {
    return std::ranges::all_of(sender_, [&](const auto& sent) { return complete(sent.first); }) &&
           std::ranges::all_of(post_, [&](const auto& sent) { return arrived(sent.first, sent.second); }) &&
           std::ranges::all_of(receipts(), [&](const auto& one) { return one->read.has_value(); }) &&
           std::ranges::none_of(ledger.read(), [](const auto& one) { return one.confirmed_by.empty(); });
  }
  static std::string organisation_of(const std::string& name) {
    return name == "R" ? r_org : name.front() == 'T' ? t_org : s_org;
  }
  /// Are the installations set up as they must be? Then nobody even touches what is another's.
  [[nodiscard]] bool keeps_apart() const {
    return arrangement_ != Arrangement::namesakes && arrangement_ != Arrangement::two_mains;
  }
  /// Messages of R go to whoever has no channel.
  [[nodiscard]] bool to_neighbour(const std::string& sender) const { return sender == "R" && neighbour_ != nullptr; }

  // Post to residents.
  sim::Corner2State& corner2() { return national.corner2().state(); }
  std::vector<std::shared_ptr<const sim::QueuedReceipt>> receipts() { return corner2().receipts(5000); }
  void set_post_delays(milliseconds delay) {
    auto rules = corner2().rules();
    rules.sent_delay = rules.delivery_delay = rules.later_delay = delay;
    corner2().set_rules(rules);
  }
  void post(const std::string& name) {
    auto letter =
        app::letter_to_resident("digital", resident, {{"brev.pdf", "application/pdf", app::make_pdf("post")}});
    letter.opening_receipt = pick(2) == 0;
    const auto id = client(name).send(letter);
    ASSERT_TRUE(id) << id.error().text();
    tell(name + " posts " + *id);
    post_[*id] = {name, letter.opening_receipt};
  }
  static Names wanted(const Post& sent) { return sent.opened ? all_five : delivered; }
  bool arrived(const std::string& id, const Post& sent) { return has(sent.sender, id, wanted(sent)); }
  /// A receipt comes early, or once more, as a supplier that got no answer does it.
  void receipt_again() {
    if (post_.empty()) return;
    const auto& id = pick_of(post_).first;
    if (!corner2().find(id)) return;
    sim::ManualReceipt receipt;
    receipt.message_id = id;
    receipt.order.type = "leveringskvittering";
    receipt.order.time = clock.now();
    tell("a receipt about " + id + " comes");
    ASSERT_TRUE(corner2().queue(receipt));
  }
  void judge_post() {
    for (const auto& [id, sent] : post_) {
      EXPECT_THAT(statuses(sent.sender, id), ::testing::UnorderedElementsAreArray(wanted(sent)))
          << id << " posted by " << sent.sender;
      for (const auto& [other, channel] : channels_) {
        if (other == sent.sender) continue;
        EXPECT_TRUE(statuses(other, id).empty()) << other << " knows " << id;
      }
    }
    EXPECT_EQ(corner2().foreign_reads(), 0U);
    for (const auto& receipt : receipts()) {
      EXPECT_TRUE(receipt->read) << receipt->id;
      const bool read_by_neighbour = receipt->reader.vendor == neighbour_client;
      EXPECT_EQ(read_by_neighbour, receipt->channel == neighbour_channel) << receipt->id;
    }
  }

  // The neighbour: the reference's rules for an installation without a channel (dpo.md 7 and 8.2).
  void neighbour_takes() {
    if (!neighbour_) return;
    for (const auto& id : neighbour_->list()) {
      if (domain::is_channel_name(neighbour_->reference_of(id))) continue;
      if (!neighbour_->take(id)) continue;
      for (const auto& document : ledger.read()) {
        if (document.id != id || document.type != "arkivmelding") continue;
        for (const std::string status : {"MOTTATT", "LEVERT"}) {
          const auto answer = make_sbd("status", "0192:" + s_org, "0192:" + r_org, document.message_id,
                                       {{"status", status}}, clock.now());
          inject(s_org, r_org, new_uuid(), answer);
        }
      }
    }
    const sim::DpiCaller caller{s_org, neighbour_client};
    for (const auto& receipt : corner2().list({neighbour_channel, {}, 100, 0}, caller)) {
      corner2().read(receipt->id, caller);
    }
  }
  /// Answers about what the neighbour has sent.
  void answers_for_the_neighbour() {
    if (!neighbour_) return;
    const auto id = new_uuid();
    tell("the neighbour gets answers");
    neighbours_.insert(id);
    inject(r_org, s_org, new_uuid(), status_of(id, "MOTTATT"));
    sim::ManualReceipt receipt;
    receipt.owner = {s_org, neighbour_client};
    receipt.channel = neighbour_channel;
    receipt.order.type = "leveringskvittering";
    receipt.order.time = clock.now();
    ASSERT_TRUE(corner2().queue(receipt));
  }

  void something_happens() override {
    const auto name = pick_installation();
    switch (pick(14)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const bool to_s = name == "R";
        if (name.front() == 'T' && pick(2) == 0) return post(name);
        // Of two mains, either may take the mail of the organisation: that is what must not be configured.
        if (to_s && arrangement_ == Arrangement::two_mains) return;
        const auto id = send(name, to_s ? s_org : r_org);
        tell(name + " sends " + id);
        sender_[id] = name;
        return;
      }
      case 4:
      case 5:
        return look(name);
      case 6:
        return deliver_again();
      case 7:
        if (!channels_[name].empty() && arrangement_ != Arrangement::namesakes) {
          if (name.front() != 'T') channels_[name] = name.substr(2) + std::to_string(pick(3));
        }
        tell(name + " starts again on '" + channels_[name] + "'");
        return restart(name);
      case 8:
        return die_somewhere(name);
      case 9:
      case 10:
        if (name != "R") return post(name);
        return neighbour_takes();
      case 11:
        return receipt_again();
      case 12:
        return answers_for_the_neighbour();
      default: {
        const auto time = milliseconds(pick(2000));
        tell("the scan takes " + std::to_string(time.count()) + " ms");
        national.broker().state().set_scan_time(time);
        set_post_delays(time);
      }
    }
  }

  /// The same document in a second transfer, later than others.
  void deliver_again() {
    const auto all = ledger.read();
    if (all.empty()) return;
    const auto& chosen = pick_of(all);
    const auto transfer = national.broker().state().find(chosen.id);
    if (!transfer || !transfer->content) return;
    auto source = sim::Content::open(transfer->content, 0, transfer->size);
    ASSERT_TRUE(source);
    const auto content = read_all(**source, 64 * 1024 * 1024);
    ASSERT_TRUE(content);
    tell(chosen.type + chosen.status + " about " + chosen.about + " comes again");
    ASSERT_TRUE(national.broker().inject(chosen.from, chosen.to, chosen.reference, *content));
  }

  bool complete(const std::string& id) {
    if (to_neighbour(sender_[id])) return has("R", id, delivered);
    return has(sender_[id], id, all_five) && !receivers_of(id).empty() && !receipts_for(id).empty();
  }
  /// The client that a document is for.
  std::string owner_of(const Document& document) {
    if (neighbours_.contains(document.about)) return neighbour_client;
    if (!document.about.empty()) return client_of(sender_[document.about]);
    if (document.to != s_org) return client_of("R");
    return neighbour_ ? neighbour_client : client_of("S-main");
  }

  Arrangement arrangement_;
  std::map<std::string, std::string> channels_;
  std::map<std::string, std::string> sender_;  ///< of every message, by id
  std::map<std::string, Post> post_;           ///< by message id
  std::unique_ptr<RawPeer> neighbour_;
  std::set<std::string> neighbours_;  ///< messages that it has sent
};

class Model : public ::testing::TestWithParam<unsigned> {};

TEST_P(Model, NothingIsStolen) {
  ChannelLife life(GetParam());
  live_and_judge(life, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Seeds, Model, ::testing::ValuesIn(seeds(25, 1000)));

}  // namespace
}  // namespace kanal::testing
