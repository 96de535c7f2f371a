#include <gtest/gtest.h>

#include <thread>

#include "base/testing.hpp"
#include "crypto/issue.hpp"
#include "store/spool/spool.hpp"

namespace kanal::store {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono;

class InstallationKeyTest : public ::testing::Test {
 protected:
  static constexpr Time not_before{sys_days(2020y / January / 1)};
  static constexpr Time not_after{sys_days(2040y / January / 1)};

  static void SetUpTestSuite() {
    ca_ = std::make_unique<crypto::Identity>(crypto::make_ca("Test CA", not_before, not_after));
    current_ = std::make_unique<crypto::Identity>(issue("987464291"));
    next_ = std::make_unique<crypto::Identity>(issue("910076787"));
  }
  static void TearDownTestSuite() {
    next_.reset();
    current_.reset();
    ca_.reset();
  }
  static crypto::Identity issue(const std::string& orgnr) {
    crypto::CertificateRequest request;
    request.common_name = "Organisation " + orgnr;
    request.organisation_name = request.common_name;
    request.orgnr = orgnr;
    request.not_before = not_before;
    request.not_after = not_after;
    return crypto::issue(*ca_, request);
  }

  [[nodiscard]] fs::path folder() const { return folder_.path() / "spool"; }
  [[nodiscard]] std::string file() const { return testing::read_file(folder() / "installation.key"); }

  static std::unique_ptr<crypto::Identity> ca_;
  static std::unique_ptr<crypto::Identity> current_;
  static std::unique_ptr<crypto::Identity> next_;
  testing::TemporaryFolder folder_;
};

std::unique_ptr<crypto::Identity> InstallationKeyTest::ca_;
std::unique_ptr<crypto::Identity> InstallationKeyTest::current_;
std::unique_ptr<crypto::Identity> InstallationKeyTest::next_;

TEST_F(InstallationKeyTest, IsMadeOnceAndOpenedAgain) {
  const auto first = load_installation_key(folder(), {*current_});
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_NE(*first, crypto::Key256{});
  const auto wrapped = file();
  EXPECT_EQ(wrapped.find(std::string(text_of(*first))), std::string::npos);
  const auto second = load_installation_key(folder(), {*current_});
  ASSERT_TRUE(second) << second.error().text();
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(file(), wrapped);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder()), {}), 1) << "no temporary file stays";
  EXPECT_EQ(fs::status(folder() / "installation.key").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(InstallationKeyTest, TwoInstallationsHaveDifferentKeys) {
  EXPECT_NE(*load_installation_key(folder(), {*current_}),
            *load_installation_key(folder_.path() / "other", {*current_}));
}

TEST_F(InstallationKeyTest, IsWrappedAnewForTheCurrentCertificate) {
  const auto first = load_installation_key(folder(), {*current_});
  ASSERT_TRUE(first);
  const auto renewed = load_installation_key(folder(), {*next_, *current_});
  ASSERT_TRUE(renewed) << renewed.error().text();
  EXPECT_EQ(*first, *renewed);
  const auto alone = load_installation_key(folder(), {*next_});
  ASSERT_TRUE(alone) << "the former keystore is not needed any more: " << alone.error().text();
  EXPECT_EQ(*first, *alone);
  EXPECT_EQ(load_installation_key(folder(), {*current_}).error().code, "spool.key");
}

TEST_F(InstallationKeyTest, WrongIdentityIsRefusedAndChangesNothing) {
  ASSERT_TRUE(load_installation_key(folder(), {*current_}));
  const auto wrapped = file();
  const auto refused = load_installation_key(folder(), {*next_});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "spool.key");
  EXPECT_EQ(refused.error().disposition, Disposition::reject);
  EXPECT_EQ(file(), wrapped);
}

TEST_F(InstallationKeyTest, NoIdentityIsRefused) {
  EXPECT_EQ(load_installation_key(folder(), {}).error().code, "spool.key");
  EXPECT_FALSE(fs::exists(folder() / "installation.key"));
}

TEST_F(InstallationKeyTest, DamageIsNeverTakenForAKey) {
  const auto key = load_installation_key(folder(), {*current_});
  ASSERT_TRUE(key);
  const auto whole = file();
  // The encrypted content stands at the end: CBC alone would decrypt most of these to another key.
  for (std::size_t i = whole.size() - 110; i < whole.size(); ++i) {
    auto damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    std::ofstream(folder() / "installation.key", std::ios::binary) << damaged;
    const auto opened = load_installation_key(folder(), {*current_});
    if (opened) {
      EXPECT_EQ(*opened, *key) << i;
    } else {
      EXPECT_EQ(opened.error().code, "spool.key") << i;
    }
  }
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
    std::ofstream(folder() / "installation.key", std::ios::binary) << whole.substr(0, length);
    EXPECT_EQ(load_installation_key(folder(), {*current_}).error().code, "spool.key") << length;
  }
  std::ofstream(folder() / "installation.key", std::ios::binary) << std::string(100'000, 'x');
  EXPECT_EQ(load_installation_key(folder(), {*current_}).error().code, "spool.key");
}

TEST_F(InstallationKeyTest, ALostKeyIsNotReplacedWhileBlobsNeedIt) {
  const auto key = load_installation_key(folder(), {*current_});
  ASSERT_TRUE(key);
  {
    auto spool = open_spool({folder(), *key, 0});
    ASSERT_TRUE(spool);
    fs::remove(folder() / "installation.key");
    ASSERT_TRUE(load_installation_key(folder(), {*current_})) << "an empty spool has nothing to lose";
    auto writer = (*spool)->create({});
    ASSERT_TRUE((*writer)->write(bytes_of("content")));
    ASSERT_TRUE((*writer)->finish());
  }
  fs::remove(folder() / "installation.key");
  const auto refused = load_installation_key(folder(), {*current_});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "spool.key");
  EXPECT_FALSE(fs::exists(folder() / "installation.key"));
}

TEST_F(InstallationKeyTest, RacingFirstStartsAgree) {
  std::vector<Result<crypto::Key256>> keys(4);
  {
    std::vector<std::jthread> threads;
    for (auto& key : keys) {
      threads.emplace_back([&] { key = load_installation_key(folder(), {*current_}); });
    }
  }
  for (const auto& key : keys) {
    ASSERT_TRUE(key) << key.error().text();
    EXPECT_EQ(*key, *keys.front());
  }
}

}  // namespace
}  // namespace kanal::store
