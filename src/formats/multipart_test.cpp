#include "formats/multipart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace kanal::formats {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Writes down what it is told; parts are `name|filename|type|data`.
class Recorder final : public PartHandler {
 public:
  Result<void> begin_part(const PartHead& head) override {
    EXPECT_FALSE(open_);
    open_ = true;
    parts_.push_back(head.disposition.name.value_or("-") + "|" + head.disposition.filename.value_or("-") + "|" +
                     head.content_type + "|");
    return {};
  }
  Result<void> part_data(ByteView bytes) override {
    EXPECT_TRUE(open_);
    EXPECT_FALSE(bytes.empty());
    if (fail_at_data_) return retry("disk.full", "no room");
    parts_.back().append(text_of(bytes));
    return {};
  }
  Result<void> end_part() override {
    EXPECT_TRUE(open_);
    open_ = false;
    return {};
  }

  std::vector<std::string> parts_{};
  bool open_ = false;
  bool fail_at_data_ = false;
};

struct Outcome {
  std::string code;
  std::vector<std::string> parts;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Reads `body` in pieces of the given sizes, the rest in one.
Outcome read(std::string_view body, const std::vector<std::size_t>& pieces = {}, const std::string& boundary = "b") {
  Recorder recorder;
  const auto reader = make_multipart_reader(boundary, recorder);
  const auto push = [&](std::size_t size) {
    const auto written = reader->write(bytes_of(body.substr(0, size)));
    body.remove_prefix(std::min(size, body.size()));
    return written;
  };
  Result<void> result;
  for (const std::size_t size : pieces) {
    result = push(size);
    if (!result) return {result.error().code, recorder.parts_};
  }
  result = push(body.size());
  if (result) result = reader->finish();
  if (result) {
    EXPECT_FALSE(recorder.open_);
  }
  return {result ? "" : result.error().code, recorder.parts_};
}

std::string part(const std::string& data, const std::string& head = "Content-Disposition: form-data; name=\"n\"") {
  return "--b\r\n" + head + "\r\n\r\n" + data + "\r\n";
}

const std::string& full_body() {
  static const std::string body =
      "preamble --b\r\n--b \t\r\nContent-Disposition: form-data; name=\"sbd\"\r\ncontent-type: "
      "application/json\r\n\r\n{}\r\n"
      "--b\r\nContent-Disposition: form-data; name=\"Tittel\";\r\n filename=\"brev.pdf\"\r\nX-Other: 1\r\n"
      "Content-Transfer-Encoding: binary\r\n\r\n\r\n--\r\n-b\r\n--a\r\r\n\n--b\n\r\n"
      "--b\r\nContent-Disposition: form-data; name=empty\r\n\r\n\r\n"
      "--b\r\nContent-Disposition: form-data; name=none\r\n\r\n"
      "--b--\r\nepilogue\r\n--b\r\n";
  return body;
}

TEST(Multipart, ReadsParts) {
  const auto outcome = read(full_body());
  EXPECT_EQ(outcome.code, "");
  EXPECT_THAT(outcome.parts, ElementsAre("sbd|-|application/json|{}",
                                         "Tittel|brev.pdf||\r\n--\r\n-b\r\n--a\r\r\n\n--b\n", "empty|-||", "none|-||"));
}

TEST(Multipart, GivesTheSamePartsForAnySplit) {
  const auto& body = full_body();
  const auto expected = read(body);
  for (std::size_t first = 0; first <= body.size(); ++first) ASSERT_EQ(read(body, {first}), expected) << first;
  ASSERT_EQ(read(body, std::vector<std::size_t>(body.size(), 1)), expected) << "byte by byte";
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::size_t> pieces(random() % 40);
    for (auto& piece : pieces) piece = random() % 17;
    ASSERT_EQ(read(body, pieces), expected);
  }
}

TEST(Multipart, KeepsDataThatLooksLikeABoundary) {
  const std::string alphabet = "\r\n-b";
  std::mt19937 random(11);
  for (int round = 0; round < 2'000; ++round) {
    std::string data(random() % 30, ' ');
    for (auto& c : data) c = alphabet[random() % alphabet.size()];
    if (("\r\n" + data + "\r\n").find("\r\n--b") != std::string::npos) continue;
    const auto outcome = read(part(data) + "--b--", {random() % 60, random() % 20});
    ASSERT_EQ(outcome.code, "") << data;
    ASSERT_THAT(outcome.parts, ElementsAre("n|-||" + data));
  }
}

TEST(Multipart, ReadsALongBoundary) {
  const std::string boundary(70, '-');
  const auto outcome = read("--" + boundary + "\r\nContent-Disposition: form-data; name=n\r\n\r\nx" +
                                std::string(500, '-') + "\r\n\r\n--\r\n--" + boundary + "--",
                            {100, 50, 200}, boundary);
  EXPECT_EQ(outcome.code, "");
  EXPECT_THAT(outcome.parts, ElementsAre("n|-||x" + std::string(500, '-') + "\r\n\r\n--"));
}

TEST(Multipart, ReadsABodyWithoutParts) {
  const auto outcome = read("--b--\r\n");
  EXPECT_EQ(outcome.code, "");
  EXPECT_THAT(outcome.parts, IsEmpty());
}

TEST(Multipart, NoticesTruncationAtEveryByte) {
  const std::string body = part("data") + part("more") + "--b--";
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(read(std::string_view(body).substr(0, size)).code, "multipart.truncated") << size;
  }
  EXPECT_EQ(read(body).code, "");
}

TEST(Multipart, RefusesWhatItCannotRead) {
  const std::string head = "Content-Disposition: form-data; name=n";
  for (const std::string& body : {
           "--b\n" + head + "\n\ndata\n--b--",                                 // line feeds only
           "--b\r\n" + head + "\n\r\n\r\ndata\r\n--b--",                       // one line feed
           "--b\r\n" + head + "\r\r\n\r\ndata\r\n--b--",                       // one carriage return
           "--b\r\n" + head + std::string("\0", 1) + "\r\n\r\ndata\r\n--b--",  // NUL
           "--bx\r\n" + head + "\r\n\r\ndata\r\n--bx--",                       // another boundary
           "--b-\r\n" + head + "\r\n\r\ndata\r\n--b--",                        // half a closing one
           "--b -\r\n" + head + "\r\n\r\ndata\r\n--b--",                       // garbage behind the pad
           "--b\r" + head + "\r\n\r\ndata\r\n--b--",                           // half a line end
           "--b" + std::string(100, ' ') + "\r\n" + head +
               "\r\n\r\nd\r\n--b--"                                            // an endless pad
               "--b\r\n\r\ndata\r\n--b--",                                     // no headers
           part("x", "Content-Type: text/plain") + "--b--",                    // no disposition
           part("x", "Content-Disposition: attachment; name=n") + "--b--",     // not form-data
           part("x", "Content-Disposition: form-data; filename=n") + "--b--",  // no name
           part("x", "Content-Disposition: form-data; name") + "--b--",        // unreadable
           part("x", head + "\r\n" + head) + "--b--",                          // two dispositions
           part("x", head + "\r\nContent-Type: a\r\nContent-Type: b") + "--b--",
           part("x", head + "\r\nContent-Transfer-Encoding: base64") + "--b--",
           part("x", head + "\r\nno colon") + "--b--",
           part("x", head + "\r\nbad name: x") + "--b--",
           part("x", " folded: first line\r\n" + head) + "--b--",
           part("data\r\n--bdata") + "--b--",  // a boundary inside data
       }) {
    EXPECT_EQ(read(body).code, "multipart.malformed") << body;
  }
}

TEST(Multipart, CapsTheHeadersOfAPart) {
  const std::string head = "Content-Disposition: form-data; name=n\r\nX: ";
  const std::size_t room = max_part_head_bytes - head.size() - 4;
  EXPECT_EQ(read(part("x", head + std::string(room, 'x')) + "--b--").code, "");
  EXPECT_EQ(read(part("x", head + std::string(room + 1, 'x')) + "--b--").code, "multipart.malformed");
}

TEST(Multipart, CapsTheNumberOfParts) {
  std::string body;
  for (std::size_t i = 0; i < max_parts; ++i) body += part("x");
  EXPECT_EQ(read(body + "--b--").code, "");
  EXPECT_EQ(read(body + part("x") + "--b--").code, "multipart.too_many");
}

TEST(Multipart, KeepsItsError) {
  Recorder recorder;
  const auto reader = make_multipart_reader("b", recorder);
  ASSERT_FALSE(reader->write(bytes_of("--b\n")));
  EXPECT_EQ(reader->write(bytes_of("--b--")).error().code, "multipart.malformed");
  EXPECT_EQ(reader->finish().error().code, "multipart.malformed");
}

TEST(Multipart, PassesOnErrorsOfTheHandler) {
  Recorder recorder;
  recorder.fail_at_data_ = true;
  const auto reader = make_multipart_reader("b", recorder);
  const auto written = reader->write(bytes_of(part("data") + "--b--"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, "disk.full");
  EXPECT_EQ(written.error().disposition, Disposition::retry);
}

TEST(Multipart, RelatedPartsAreKnownByTheirContentId) {
  class Ids final : public PartHandler {
   public:
    Result<void> begin_part(const PartHead& head) override {
      ids.push_back(head.content_id + "|" + head.content_type);
      return {};
    }
    Result<void> part_data(ByteView) override { return {}; }
    Result<void> end_part() override { return {}; }
    std::vector<std::string> ids{};
  };
  const std::string body =
      "--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <root@x>\r\n\r\n<a/>\r\n--b\r\nContent-Id: "
      "bare\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--";
  Ids ids;
  const auto reader = make_multipart_reader("b", ids, MultipartKind::related);
  EXPECT_TRUE(reader->write(bytes_of(body)).has_value());
  EXPECT_TRUE(reader->finish().has_value());
  EXPECT_THAT(ids.ids, ElementsAre("root@x|application/xop+xml", "bare|", "|"));
  EXPECT_EQ(read(body).code, "multipart.malformed");
  Ids twice;
  const auto refusing = make_multipart_reader("b", twice, MultipartKind::related);
  const auto refused = refusing->write(bytes_of("--b\r\nContent-ID: a\r\nContent-ID: b\r\n\r\n"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "multipart.malformed");
}

TEST(MultipartBoundary, OfRelatedPartsIsReadToo) {
  EXPECT_EQ(multipart_related_boundary("Multipart/Related; type=\"application/xop+xml\"; boundary=\"a b\"").value(),
            "a b");
  EXPECT_EQ(multipart_related_boundary("multipart/form-data; boundary=b").error().code, "multipart.boundary");
}

TEST(MultipartBoundary, IsReadFromTheContentType) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc").value(), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Form-Data ;charset=utf-8; Boundary = \"a b:c\" ;").value(), "a b:c");
  EXPECT_EQ(multipart_boundary("multipart/form-data; x=\"; boundary=no\"; boundary=yes").value(), "yes");
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=" + std::string(70, 'x')).value(), std::string(70, 'x'));
}

TEST(MultipartBoundary, IsRefusedWhenItIsNone) {
  for (const std::string& type :
       {std::string(), std::string("application/json"), std::string("multipart/mixed; boundary=a"),
        std::string("multipart/form-data"), std::string("multipart/form-data; boundary"),
        std::string("multipart/form-data; boundary="), std::string("multipart/form-data; boundary=\"\""),
        std::string("multipart/form-data; boundary=\"a"), std::string("multipart/form-data; boundary=\"a\"b"),
        std::string("multipart/form-data; boundary=\"a \""), std::string("multipart/form-data; boundary=a\r\nb"),
        std::string("multipart/form-data; boundary=a<b"), std::string("multipart/form-data; boundary=a; boundary=b"),
        "multipart/form-data; boundary=" + std::string(71, 'x')}) {
    const auto boundary = multipart_boundary(type);
    ASSERT_FALSE(boundary) << type;
    EXPECT_EQ(boundary.error().code, "multipart.boundary");
  }
}

}  // namespace
}  // namespace kanal::formats
