// Whom the system trusts: its folder, its file, and neither before somebody asks.
#include "net/system_authorities.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "net/net_testing.hpp"
#include "net/tls_context.hpp"

namespace kanal::net {
namespace {

using namespace kanal::net::testing;

using Certificate = std::unique_ptr<X509, Release<X509_free>>;

Certificate parsed(const std::string& pem) {
  const std::unique_ptr<BIO, Release<BIO_free>> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

/// A variable of the environment that is as it was afterwards.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* const before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class SystemAuthorities : public ::testing::Test {
 protected:
  SystemAuthorities() {
    std::filesystem::create_directory(folder());
    trust_system_authorities(store.get());
  }
  std::filesystem::path file() const { return place.path() / "all.pem"; }
  std::filesystem::path folder() const { return place.path() / "one-by-one"; }
  bool trusts(const std::string& pem) const {
    const auto certificate = parsed(pem);
    const std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
    return X509_verify_cert(context.get()) == 1;
  }
  static void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

  const Certificates& made = Certificates::get();
  TemporaryFolder place;
  Variable file_variable{"SSL_CERT_FILE", file().string()};
  Variable folder_variable{"SSL_CERT_DIR", folder().string()};
  std::unique_ptr<X509_STORE, Release<X509_STORE_free>> store{X509_STORE_new()};
};

TEST_F(SystemAuthorities, AreThoseOfTheFile) {
  write(file(), "a comment\n" + made.stranger + made.ca);
  EXPECT_TRUE(trusts(made.server));
  EXPECT_TRUE(trusts(made.client)) << "again, from what was read";
  EXPECT_TRUE(trusts(made.stranger));
}

TEST_F(SystemAuthorities, AreThoseOfTheFolder) {
  std::array<char, 16> name{};
  std::snprintf(name.data(), name.size(), "%08lx.0", X509_subject_name_hash(parsed(made.ca).get()));
  write(folder() / name.data(), made.ca);
  EXPECT_TRUE(trusts(made.server));
  EXPECT_FALSE(trusts(made.stranger));
}

TEST_F(SystemAuthorities, AreNotReadBeforeOneIsMissed) {
  X509_STORE_add_cert(store.get(), parsed(made.ca).get());
  EXPECT_TRUE(trusts(made.server));
  write(file(), made.stranger);
  EXPECT_TRUE(trusts(made.stranger));
}

TEST_F(SystemAuthorities, ASystemWithoutThemTrustsNobody) {
  EXPECT_FALSE(trusts(made.server));
  EXPECT_FALSE(trusts(made.stranger));
}

TEST_F(SystemAuthorities, ManyThreadsAskAtOnce) {
  write(file(), made.stranger + made.ca);
  std::atomic<int> trusted{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { trusted += trusts(made.server) ? 1 : 0; });
  }
  EXPECT_EQ(trusted, 8);
}

}  // namespace
}  // namespace kanal::net
