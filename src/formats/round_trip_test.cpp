// Properties of zip and multipart: whatever is written is read back, however it is cut.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "formats/multipart.hpp"
#include "formats/zip_testing.hpp"

namespace kanal::formats {
namespace {

using testing::File;

/// Names that every file system and every reader keeps apart.
std::vector<File> arbitrary_files() {
  const auto contents = *rc::gen::container<std::vector<std::string>>(rc::gen::arbitrary<std::string>());
  std::vector<File> files;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const auto letters = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("abc ._-()[]")));
    files.push_back(
        {std::to_string(i) + "æ/" + std::to_string(i) + letters + "x", contents[i], *rc::gen::arbitrary<bool>()});
  }
  return files;
}

RC_GTEST_PROP(ZipProperty, EveryFileComesBackInItsOrder, ()) {
  const auto files = arbitrary_files();
  const auto comment = *rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
  const auto back = testing::unpack(testing::make_zip(files, comment));
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->size() == files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    RC_ASSERT(back->at(i).name == files[i].name);
    RC_ASSERT(back->at(i).content == files[i].content);
    RC_ASSERT(back->at(i).deflated == files[i].deflated);
  }
}

RC_GTEST_PROP(ZipProperty, ACutArchiveIsNeverTakenForAWholeOne, ()) {
  const auto zip =
      testing::make_zip({{"a", *rc::gen::arbitrary<std::string>(), *rc::gen::arbitrary<bool>()}, {"b", "b"}});
  const auto length = *rc::gen::inRange<std::size_t>(0, zip.size());
  RC_ASSERT(!testing::unpack_code(zip.substr(0, length)).empty());
}

RC_GTEST_PROP(ZipProperty, AChangedByteNeverGivesOtherContentUnderTheSameName, ()) {
  const std::vector<File> files{{"a", *rc::gen::nonEmpty<std::string>(), *rc::gen::arbitrary<bool>()}};
  auto zip = testing::make_zip(files);
  const auto at = *rc::gen::inRange<std::size_t>(0, zip.size());
  zip[at] = static_cast<char>(zip[at] ^ *rc::gen::inRange(1, 256));
  const auto back = testing::unpack(zip);
  if (!back || back->size() != 1 || back->front().name != "a") return;
  RC_ASSERT(back->front().content == files.front().content);
}

/// Joins what it is told of each part.
class Joiner final : public PartHandler {
 public:
  Result<void> begin_part(const PartHead& head) override {
    parts.emplace_back(head.disposition.name.value_or(""), "");
    return {};
  }
  Result<void> part_data(ByteView bytes) override {
    parts.back().second.append(text_of(bytes));
    return {};
  }
  Result<void> end_part() override { return {}; }
  std::vector<std::pair<std::string, std::string>> parts;
};

RC_GTEST_PROP(MultipartProperty, EveryPartComesBackHoweverTheBodyIsCut, ()) {
  // Made of the boundary's own pieces, so that near misses are common.
  const auto data = *rc::gen::container<std::vector<std::string>>(
      rc::gen::map(rc::gen::container<std::vector<std::string>>(
                       rc::gen::elementOf(std::vector<std::string>{"\r", "\n", "-", "--", "b", "x"})),
                   [](const std::vector<std::string>& pieces) {
                     std::string text;
                     for (const auto& piece : pieces) text += piece;
                     return text;
                   }));
  std::string body;
  for (std::size_t i = 0; i < data.size(); ++i) {
    RC_PRE(("\r\n" + data[i] + "\r\n").find("\r\n--b0undary") == std::string::npos);
    body +=
        "--b0undary\r\nContent-Disposition: form-data; name=\"" + std::to_string(i) + "\"\r\n\r\n" + data[i] + "\r\n";
  }
  body += "--b0undary--\r\n";
  Joiner joiner;
  const auto reader = make_multipart_reader("b0undary", joiner);
  for (std::string_view rest = body; !rest.empty();) {
    const auto size = std::min<std::size_t>(*rc::gen::inRange<std::size_t>(1, 40), rest.size());
    RC_ASSERT(reader->write(bytes_of(rest.substr(0, size))).has_value());
    rest.remove_prefix(size);
  }
  RC_ASSERT(reader->finish().has_value());
  RC_ASSERT(joiner.parts.size() == data.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    RC_ASSERT(joiner.parts[i].first == std::to_string(i));
    RC_ASSERT(joiner.parts[i].second == data[i]);
  }
}

}  // namespace
}  // namespace kanal::formats
