#include "crypto/keystore.hpp"

#include "crypto/cms_test_message.hpp"

namespace kanal::crypto {
namespace {

using namespace testing;

const Secret password("changeit");

Result<std::vector<KeystoreEntry>> open_sample(const std::string& name, const Secret& with = password) {
  const std::string content = read_file(shared_data() / name);
  EXPECT_FALSE(content.empty()) << name;
  return read_keystore(bytes_of(content), with);
}

TEST(Keystore, PublishedSamples) {
  for (const auto& [file, alias] : {std::pair{"dpi/samples/complete/eksempel.jks", "eksempel"},
                                    {"asic/testkeys/keystore.jks", "selfsigned"},
                                    {"dpi/testkeys/c1.p12", "c1"},
                                    {"dpi/testkeys/c2.p12", "c2"}}) {
    SCOPED_TRACE(file);
    const auto entries = open_sample(file);
    ASSERT_TRUE(entries) << entries.error().text();
    ASSERT_EQ(entries->size(), 1U);
    EXPECT_EQ(entries->front().alias, alias);
    const Identity& identity = entries->front().identity;
    EXPECT_TRUE(identity.key.matches(identity.certificate));
    EXPECT_EQ(code_of(open_sample(file, Secret("wrong"))), "keystore.password");
    EXPECT_EQ(code_of(open_sample(file, Secret())), "keystore.password");
  }
}

TEST(Keystore, ErrorsNeverShowThePassword) {
  for (const char* file : {"asic/testkeys/keystore.jks", "dpi/testkeys/c1.p12"}) {
    EXPECT_EQ(open_sample(file, Secret("hemmelig")).error().text().find("hemmelig"), std::string::npos);
  }
}

TEST(Keystore, EveryTruncationIsAnError) {
  for (const char* file : {"asic/testkeys/keystore.jks", "dpi/testkeys/c1.p12"}) {
    const std::string content = read_file(shared_data() / file);
    for (std::size_t length = 0; length < content.size(); ++length) {
      const auto code = code_of(read_keystore(bytes_of(content).first(length), password));
      ASSERT_TRUE(code == "keystore.damaged") << file << " cut at " << length << ": " << code;
    }
  }
}

TEST(Keystore, EveryFlippedByteInJksShows) {
  std::string content = read_file(shared_data() / "asic/testkeys/keystore.jks");
  for (std::size_t at = 0; at < content.size(); ++at) {
    content[at] = static_cast<char>(content[at] ^ 0x10);
    EXPECT_FALSE(read_keystore(bytes_of(content), password)) << at;
    content[at] = static_cast<char>(content[at] ^ 0x10);
  }
}

TEST(Keystore, OtherFiles) {
  EXPECT_EQ(code_of(read_keystore({}, password)), "keystore.damaged");
  EXPECT_EQ(code_of(read_keystore(bytes_of("-----BEGIN"), password)), "keystore.unsupported");
  EXPECT_EQ(code_of(read_keystore(bytes_of("\xCE\xCE\xCE\xCE\0\0\0\2"), password)), "keystore.unsupported");
  EXPECT_EQ(code_of(read_keystore(alice().certificate.der(), password)), "keystore.damaged");
  EXPECT_EQ(code_of(read_keystore(Bytes(17 * 1024 * 1024), password)), "keystore.damaged");
}

TEST(Keystore, FindIdentity) {
  const std::vector<KeystoreEntry> two{{"Alice", alice()}, {"bob", bob()}};
  EXPECT_TRUE(find_identity(two, "alice")->certificate.same_as(alice().certificate));
  EXPECT_TRUE(find_identity(two, "BOB")->certificate.same_as(bob().certificate));
  const auto missing = find_identity(two, "carol");
  EXPECT_EQ(code_of(missing), "keystore.alias");
  EXPECT_NE(missing.error().message.find("'Alice', 'bob'"), std::string::npos) << missing.error().message;
  EXPECT_EQ(code_of(find_identity(two, "")), "keystore.alias");
  EXPECT_TRUE(find_identity({two[1]}, "")->certificate.same_as(bob().certificate));
  EXPECT_EQ(code_of(find_identity({}, "")), "keystore.alias");
}

// PKCS#12

class Pkcs12 : public ::testing::Test {
 protected:
  Pkcs12() {
    folder_.write("alice.pem", alice().key.pem() + alice().certificate.pem() + test_ca().certificate.pem());
    folder_.write("bob.pem", bob().key.pem() + bob().certificate.pem());
  }
  Result<std::vector<KeystoreEntry>> made_by(const std::string& command, const Secret& with = password) {
    EXPECT_EQ(run(folder_, command), 0) << read_file(folder_.path() / "output.txt");
    return read_keystore(bytes_of(read_file(folder_.path() / "store")), with);
  }
  const TemporaryFolder folder_{};
};

TEST_F(Pkcs12, RoundTripWithChain) {
  const auto entries = read_keystore(write_pkcs12(alice(), "alice", password), password);
  ASSERT_TRUE(entries) << entries.error().text();
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ(entries->front().alias, "alice");
  EXPECT_TRUE(entries->front().identity.certificate.same_as(alice().certificate));
  ASSERT_EQ(entries->front().identity.chain.size(), 1U);
  EXPECT_TRUE(entries->front().identity.chain[0].same_as(test_ca().certificate));
  EXPECT_EQ(code_of(read_keystore(write_pkcs12(alice(), "alice", password), Secret("x"))), "keystore.password");
}

TEST_F(Pkcs12, KeysFromItWork) {
  const Identity identity =
      find_identity(*read_keystore(write_pkcs12(alice(), "alice", password), password), "alice").value();
  const Bytes plain = pattern(100);
  EXPECT_EQ(decrypted({identity}, encrypted(alice().certificate, plain)).value(), plain);
}

TEST_F(Pkcs12, OldAndNewProtections) {
  const std::string make = "openssl pkcs12 -export -in alice.pem -name alice -out store -passout pass:changeit ";
  for (const char* options : {"", "-legacy", "-legacy -keypbe PBE-SHA1-RC2-40 -certpbe PBE-SHA1-RC2-40 -macalg sha1",
                              "-legacy -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
                              "-keypbe AES-128-CBC -certpbe AES-128-CBC", "-keypbe NONE -certpbe NONE"}) {
    SCOPED_TRACE(options);
    const auto entries = made_by(make + options);
    ASSERT_TRUE(entries) << entries.error().text();
    ASSERT_EQ(entries->size(), 1U);
    EXPECT_EQ(entries->front().identity.chain.size(), 1U);
    EXPECT_TRUE(entries->front().identity.key.matches(alice().certificate));
  }
  EXPECT_EQ(code_of(made_by(make + "-nomac")), "keystore.unsupported");
  EXPECT_EQ(code_of(made_by(make + "-iter 1 -legacy", Secret("other"))), "keystore.password");
}

TEST_F(Pkcs12, WithoutPasswordAndWithoutName) {
  const auto entries = made_by("openssl pkcs12 -export -in bob.pem -out store -passout pass:", Secret());
  ASSERT_TRUE(entries) << entries.error().text();
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ(entries->front().alias, "1");
}

TEST_F(Pkcs12, OnlyCertificates) {
  const auto entries = made_by("openssl pkcs12 -export -nokeys -in bob.pem -out store -passout pass:changeit");
  ASSERT_TRUE(entries) << entries.error().text();
  EXPECT_TRUE(entries->empty());
}

TEST_F(Pkcs12, EllipticCurveKeysAreLeftOut) {
  const auto entries = made_by(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj /CN=ec -out c.pem && "
      "openssl pkcs12 -export -in c.pem -inkey k.pem -out store -passout pass:changeit");
  ASSERT_TRUE(entries) << entries.error().text();
  EXPECT_TRUE(entries->empty());
}

// JKS: written here, because nothing but Java does

struct JksText {
  std::string out{};
  JksText& number(std::uint64_t value, int octets) {
    for (int i = octets - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFF);
    return *this;
  }
  JksText& text(std::string_view value) {
    number(value.size(), 2).out += value;
    return *this;
  }
  JksText& blob(ByteView value) {
    number(value.size(), 4).out += text_of(value);
    return *this;
  }
};

/// UTF-16BE of a text without characters beyond Latin-1.
Bytes wide(std::u16string_view text) {
  Bytes out;
  for (const char16_t c : text) {
    out.push_back(static_cast<std::byte>(c >> 8));
    out.push_back(static_cast<std::byte>(c & 0xFF));
  }
  return out;
}

Bytes sha1_of(ByteView a, ByteView b, ByteView c = {}) { return digest(DigestAlgorithm::sha1, joined({a, b, c})); }

Bytes protect(ByteView pkcs8, ByteView password_bytes, const char* algorithm = "1.3.6.1.4.1.42.2.17.1.1") {
  const Bytes salt = pattern(20);
  Bytes cipher = copy_of(pkcs8);
  Bytes block = salt;
  for (std::size_t at = 0; at < cipher.size(); ++at) {
    if (at % 20 == 0) block = sha1_of(password_bytes, block);
    cipher[at] ^= block[at % 20];
  }
  const Bytes octets = joined({salt, cipher, sha1_of(password_bytes, pkcs8)});
  const Bytes null{std::byte{5}, std::byte{0}};
  return element(0x30, {element(0x30, {oid(algorithm), null}), element(0x04, octets)});
}

Bytes pkcs8_of(const PrivateKey& key) {
  const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(key.get()));
  return to_der(info.get(), i2d_PKCS8_PRIV_KEY_INFO);
}

class Jks : public ::testing::Test {
 protected:
  JksText header(std::uint32_t version, std::uint32_t count) {
    JksText jks;
    jks.number(0xFEEDFEED, 4).number(version, 4).number(count, 4);
    return jks;
  }
  void key_entry(JksText& jks, std::string_view alias, ByteView key, const std::vector<Certificate>& chain,
                 bool types = true) {
    jks.number(1, 4).text(alias).number(1'700'000'000'000, 8).blob(key).number(chain.size(), 4);
    for (const Certificate& certificate : chain) {
      if (types) jks.text("X.509");
      jks.blob(certificate.der());
    }
  }
  void certificate_entry(JksText& jks, std::string_view alias, const Certificate& certificate) {
    jks.number(2, 4).text(alias).number(0, 8).text("X.509").blob(certificate.der());
  }
  Result<std::vector<KeystoreEntry>> open(const JksText& jks, const Secret& with = password) {
    return read_keystore(
        joined({bytes_of(jks.out), sha1_of(password_, bytes_of("Mighty Aphrodite"), bytes_of(jks.out))}), with);
  }

  Bytes password_ = wide(u"changeit");
  const Bytes key_ = protect(pkcs8_of(alice().key), password_);
  const std::vector<Certificate> chain_{alice().certificate, test_ca().certificate};
};

TEST_F(Jks, KeysWithChainsAndTrustedCertificates) {
  JksText jks = header(2, 3);
  certificate_entry(jks, "a root", test_ca().certificate);
  key_entry(jks, "alice", key_, chain_);
  key_entry(jks, "bøb", protect(pkcs8_of(bob().key), password_), {bob().certificate});
  const auto entries = open(jks);
  ASSERT_TRUE(entries) << entries.error().text();
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].alias, "alice");
  EXPECT_EQ((*entries)[1].alias, "bøb");
  ASSERT_EQ((*entries)[0].identity.chain.size(), 1U);
  EXPECT_TRUE((*entries)[0].identity.chain[0].same_as(test_ca().certificate));
  EXPECT_TRUE((*entries)[1].identity.chain.empty());
}

TEST_F(Jks, VersionOne) {
  JksText jks = header(1, 1);
  key_entry(jks, "alice", key_, chain_, false);
  EXPECT_TRUE(open(jks));
}

TEST_F(Jks, PasswordsBeyondAscii) {
  password_ = wide(u"blåbær€\xD83D\xDE00");
  JksText jks = header(2, 1);
  key_entry(jks, "alice", protect(pkcs8_of(alice().key), password_), chain_);
  EXPECT_TRUE(open(jks, Secret("blåbær€😀")));
  EXPECT_EQ(code_of(open(jks, Secret("blabar"))), "keystore.password");
}

TEST_F(Jks, KeyWithAnotherPassword) {
  JksText jks = header(2, 1);
  key_entry(jks, "alice", protect(pkcs8_of(alice().key), wide(u"other")), chain_);
  EXPECT_EQ(code_of(open(jks)), "keystore.password");
}

TEST_F(Jks, Damaged) {
  JksText wrong_certificate = header(2, 1);
  key_entry(wrong_certificate, "alice", key_, {bob().certificate});
  JksText no_certificate = header(2, 1);
  key_entry(no_certificate, "alice", key_, {});
  JksText unknown_protection = header(2, 1);
  key_entry(unknown_protection, "alice", protect(pkcs8_of(alice().key), password_, "1.2.3.4"), chain_);
  JksText no_key = header(2, 1);
  key_entry(no_key, "alice", protect(pattern(100), password_), chain_);
  JksText short_key = header(2, 1);
  key_entry(short_key, "alice",
            element(0x30, {element(0x30, oid("1.3.6.1.4.1.42.2.17.1.1")), element(0x04, pattern(39))}), chain_);
  JksText unknown_kind = header(2, 1);
  unknown_kind.number(3, 4).text("secret").number(0, 8);
  JksText too_many = header(2, 2);
  key_entry(too_many, "alice", key_, chain_);
  JksText endless_chain = header(2, 1);
  key_entry(endless_chain, "alice", key_, std::vector<Certificate>(40, alice().certificate));
  JksText extra = header(2, 0);
  extra.number(0, 1);
  for (const JksText& jks : {wrong_certificate, no_certificate, unknown_protection, no_key, short_key, unknown_kind,
                             too_many, endless_chain, extra, header(2, 0xFFFFFFFF)}) {
    EXPECT_EQ(code_of(open(jks)), "keystore.damaged");
  }
  EXPECT_EQ(code_of(open(header(3, 0))), "keystore.unsupported");
  EXPECT_TRUE(open(header(2, 0)).value().empty());
}

TEST_F(Jks, EllipticCurveKeysAreLeftOut) {
  const OwnedKey ec(EVP_EC_gen("P-256"));
  JksText jks = header(2, 2);
  key_entry(jks, "ec", protect(pkcs8_of(PrivateKey(ec.get())), password_), {bob().certificate});
  key_entry(jks, "alice", key_, chain_);
  const auto entries = open(jks);
  ASSERT_TRUE(entries) << entries.error().text();
  EXPECT_EQ(entries->size(), 1U);
}

}  // namespace
}  // namespace kanal::crypto
