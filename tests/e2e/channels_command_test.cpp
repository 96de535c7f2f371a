// `kanal channels` against installations that run.
#include "app/channels_command.hpp"

#include <sstream>

#include "app/serve_command.hpp"
#include "tests/e2e/bench.hpp"

namespace kanal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ChannelsCommand : public BenchTest {
 protected:
  ChannelsCommand() : config_(*ops::Config::load({folder.path(), {}, {}})) {}
  app::ChannelsOptions of(const std::string& name) { return {installations.at(name)->url(), "", false}; }
  std::string table(const std::string& name, int expected) {
    std::ostringstream out;
    EXPECT_EQ(app::show_channels(config_, of(name), out), expected);
    return out.str();
  }
  ops::Config config_;
};

TEST_F(ChannelsCommand, ShowsEachInstallationAsItIs) {
  start({"S-main", s_org, "", {"--kanal.name=hovedinstallasjon"}});
  start({"S-A", s_org, "A"});
  EXPECT_THAT(table("S-main", app::exit_code::good),
              AllOf(HasSubstr("hovedinstallasjon of 0192:310700002"), HasSubstr("DPO    good"),
                    HasSubstr("the main installation, without a channel"), Not(HasSubstr("change:"))));
  EXPECT_THAT(table("S-A", app::exit_code::good), HasSubstr("sends and listens on A"));
  start({"S-A", s_org, "B", {"--kanal.dpo.retired-channels=A"}});
  EXPECT_THAT(table("S-A", app::exit_code::good), HasSubstr("sends and listens on B; still listens to A"));
}

TEST_F(ChannelsCommand, SaysThatASecondInstallationReceives) {
  start({"S-main", s_org});
  start({"S-B", s_org});
  start({"R-main", r_org});
  std::string text;
  EXPECT_TRUE(eventually([&] {
    send("S-B", r_org);
    send("S-main", r_org);
    send("R-main", s_org);
    clock.advance(std::chrono::seconds(2));
    for (const auto& [name, installation] : installations) serve(name);
    std::ostringstream out;
    const bool conflict = app::show_channels(config_, of("S-main"), out) == app::exit_code::failed;
    text = out.str();
    return conflict;
  }));
  EXPECT_THAT(text, AllOf(HasSubstr("a second installation of the organisation receives here too"),
                          HasSubstr("change: set difi.move.dpo.message-channel in every other installation")));
}

TEST_F(ChannelsCommand, AnInstallationThatDoesNotAnswer) {
  std::ostringstream out;
  EXPECT_EQ(app::show_channels(config_, {"http://127.0.0.1:1", "", false}, out), app::exit_code::configuration);
  EXPECT_EQ(out.str(), "");
}

TEST_F(ChannelsCommand, AFirstStartTellsBeforeItTakes) {
  start({"S-main", s_org});
  start({"R-main", r_org, "", {"--kanal.receive.first-start=hold"}});
  const auto id = send("S-main", r_org);
  std::string text;
  ASSERT_TRUE(eventually([&] {
    std::ostringstream out;
    EXPECT_EQ(app::show_channels(config_, of("R-main"), out), app::exit_code::good);
    text = out.str();
    return text.find("would take 1 item(s)") != std::string::npos;
  })) << text;
  EXPECT_THAT(text, AllOf(HasSubstr("0 begun by somebody else"), HasSubstr("waits: kanal channels take")));
  EXPECT_THAT(health("R-main"), HasSubstr("the first start waits"));
  for (const auto& document : ledger.read()) EXPECT_TRUE(document.downloaded_by.empty()) << "nothing was touched";
  // Starting again is no permission.
  start({"R-main", r_org, "", {"--kanal.receive.first-start=hold"}});
  let_rounds_pass(r_org);
  EXPECT_FALSE(has("S-main", id, {"MOTTATT"}));

  std::ostringstream out;
  EXPECT_EQ(app::allow_take(config_, of("R-main"), out), app::exit_code::good);
  EXPECT_TRUE(eventually([&] { return has("S-main", id, {"MOTTATT"}); }));
  EXPECT_EQ(app::allow_take(config_, of("R-main"), out), app::exit_code::failed) << "nothing waits any more";
  EXPECT_THAT(out.str(), AllOf(HasSubstr("DPO 0192:310701378 may take now"), HasSubstr("nothing waits")));
  EXPECT_THAT(table("R-main", app::exit_code::good), HasSubstr("took 1 item(s)"));
}

TEST_F(ChannelsCommand, AFirstStartThatOnlyTells) {
  start({"S-main", s_org});
  start({"S-A", s_org, "A"});
  start({"R-main", r_org});
  const auto id = send("S-main", r_org);
  EXPECT_TRUE(eventually([&] { return has("S-main", id, {"MOTTATT"}); }));
  EXPECT_THAT(table("R-main", app::exit_code::good), HasSubstr("first start "));
  EXPECT_THAT(table("S-A", app::exit_code::good), Not(HasSubstr("first start"))) << "a channel is its own";
}

TEST_F(ChannelsCommand, OrphansTravelInAFile) {
  start({"S-A", s_org, "A"});
  start({"S-main", s_org});
  start({"R-main", r_org});
  const auto id = send("S-A", r_org);
  ASSERT_TRUE(eventually([&] { return has("S-A", id, {"MOTTATT"}); }));
  inject(r_org, s_org, new_uuid(), status_of(id, "LEST"));
  std::string listed;
  ASSERT_TRUE(eventually([&] {
    std::ostringstream out;
    EXPECT_EQ(app::list_orphans(config_, of("S-main"), out), app::exit_code::good);
    listed = out.str();
    return listed.find("1 in all") != std::string::npos;
  }));
  EXPECT_THAT(listed, AllOf(HasSubstr("about message " + id), HasSubstr("difi.move.dpo.message-channel")));
  const auto file = (folder.path() / "answers.json").string();
  std::ostringstream out;
  EXPECT_EQ(app::export_orphans(config_, of("S-main"), file, out), app::exit_code::good);
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(app::import_orphans(config_, of("S-A"), file, out), app::exit_code::good);
  EXPECT_TRUE(has("S-A", id, {"LEST"}));
  EXPECT_EQ(app::import_orphans(config_, of("S-A"), file, out), app::exit_code::failed) << "nothing more to take";
  EXPECT_EQ(app::import_orphans(config_, of("S-A"), file + ".missing", out), app::exit_code::configuration);
  EXPECT_THAT(out.str(), AllOf(HasSubstr("1 of 1 taken"), HasSubstr("it is here already"), HasSubstr("0 of 1 taken")));
}

}  // namespace
}  // namespace kanal::testing
