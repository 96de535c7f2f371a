// Form (configuration.md section 1; Spring Boot's YAML rules):
//   a: {b: 1}      a.b = 1            a: [x, y]      a[0] = x, a[1] = y
//   a: [{b: 1}]    a[0].b = 1         a.b: 1         a.b = 1
//   null, empty map and empty sequence give an empty value; scalars keep the text as written; `---` starts a new
//   document.
#include "ops/yaml_reader.hpp"

#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "ops/utf8.hpp"

namespace kanal::ops {
namespace {

constexpr int depth_limit = 32;
constexpr int document_limit = 64;
constexpr std::size_t key_limit = 1024;
/// Aliases let a small file stand for an endless tree: nodes are counted as they are visited.
constexpr std::size_t node_limit = 100'000;

tl::unexpected<Error> fault(int line, std::string_view what) {
  return reject("config.syntax", fmt::format("{}: {}", line, what));
}

/// Goes over the file before a tree of it is built: the library makes endless documents of some broken files, and deep
/// trees without bound.
class Guard final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > document_limit) throw YAML::ParserException(mark, "too many documents, or a stray character");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { count(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { count(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string&) override {
    count(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    enter(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    enter(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void count(const YAML::Mark& mark) {
    if (++nodes_ > node_limit) throw YAML::ParserException(mark, "too many values");
  }
  void enter(const YAML::Mark& mark) {
    count(mark);
    if (++depth_ > depth_limit) {
      throw YAML::ParserException(mark, fmt::format("nested deeper than {} levels", depth_limit));
    }
  }

  int documents_ = 0;
  int depth_ = 0;
  std::size_t nodes_ = 0;
};

class Flattener {
 public:
  explicit Flattener(std::vector<FileEntry>& out) : out_(out) {}

  Result<void> document(const YAML::Node& root, int number) {
    document_ = number;
    if (!root.IsDefined() || root.IsNull()) return {};
    if (!root.IsMap()) return fault(line_of(root), "a configuration document must be a map of keys");
    return visit(root, "", 0);
  }

 private:
  static int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

  Result<void> visit(const YAML::Node& node, const std::string& key, int depth) {
    if (depth > depth_limit) return fault(line_of(node), fmt::format("nested deeper than {} levels", depth_limit));
    if (++visited_ > node_limit || key.size() > key_limit) {
      return fault(line_of(node), "too many or too long keys; do aliases repeat each other?");
    }
    if (node.IsMap() && node.size() > 0) return visit_map(node, key, depth);
    if (node.IsSequence() && node.size() > 0) {
      std::size_t index = 0;
      for (const YAML::Node& item : node) {
        if (auto done = visit(item, fmt::format("{}[{}]", key, index++), depth + 1); !done) return done;
      }
      return {};
    }
    if (out_.size() == config_entry_limit)
      return fault(line_of(node), fmt::format("more than {} keys", config_entry_limit));
    out_.push_back({key, node.IsScalar() ? node.Scalar() : std::string(), line_of(node), document_, false});
    return {};
  }

  Result<void> visit_map(const YAML::Node& node, const std::string& key, int depth) {
    for (const auto& pair : node) {
      const YAML::Node& name = pair.first;
      if (!name.IsScalar()) return fault(line_of(node), "a key must be a plain text");
      const std::string& element = name.Scalar();
      if (element == "<<") return fault(line_of(name), "merge keys (<<) are not supported; write the values out");
      const std::string joined =
          key.empty() || element.starts_with('[') ? key + element : fmt::format("{}.{}", key, element);
      if (auto done = visit(pair.second, joined, depth + 1); !done) return done;
    }
    return {};
  }

  std::vector<FileEntry>& out_;
  std::size_t visited_ = 0;
  int document_ = 0;
};

}  // namespace

Result<std::vector<FileEntry>> read_yaml(std::string_view content) {
  if (content.size() > config_file_limit) return fault(1, "the file is larger than 1 MiB; is it the right one?");
  if (!is_utf8(content)) return fault(1, "the file is not UTF-8; save it as UTF-8");
  if (content.find('\0') != std::string_view::npos) return fault(1, "holds a NUL byte; is it a text file?");
  try {
    std::istringstream in{std::string(content)};
    YAML::Parser parser(in);
    Guard guard;
    while (parser.HandleNextDocument(guard)) {
    }
    std::vector<FileEntry> entries;
    Flattener flattener(entries);
    int number = 0;
    for (const YAML::Node& root : YAML::LoadAll(std::string(content))) {
      if (auto done = flattener.document(root, number++); !done) return failed(std::move(done));
    }
    return entries;
  } catch (const YAML::Exception& problem) {
    return fault(problem.mark.is_null() ? 1 : problem.mark.line + 1, problem.msg);
  }
}

}  // namespace kanal::ops
