// The layers of the house, checked on the text of the sources: who may include what, one file one row, no
// hall of over 500 lines. Names file, line and reason.
#include <QtTest>
#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <set>

#include "tests/guards/source_text.h"
#include "tests/support/shared_data.h"

using attnviz::test::at;
using attnviz::test::eachLine;
using attnviz::test::includes;
using attnviz::test::sources;
using Line = attnviz::test::SourceLine;
namespace fs = std::filesystem;

namespace {

bool startsWith(const fs::path& file, const std::string& folder) {
    return file.generic_string().starts_with(folder);
}

bool isTorchHeader(const std::string& name) {
    return name.starts_with("torch/") || name.starts_with("ATen/") || name.starts_with("c10/") ||
           name.starts_with("caffe2/");
}
bool isQtHeader(const std::string& name) {
    static const std::regex kQt(R"(^(Q[A-Z]\w*|Qt[A-Z]\w*/.*|qcustomplot\.h)$)");
    return std::regex_match(name, kQt);
}

std::string describe(const std::vector<std::string>& complaints) {
    std::string text;
    for (const auto& complaint : complaints) text += "\n  " + complaint;
    return text;
}

}  // namespace

class LayeringTest : public QObject {
    Q_OBJECT

    static void check(const std::vector<std::string>& complaints) {
        QVERIFY2(complaints.empty(), describe(complaints).c_str());
    }

 private slots:
    void theGuardSeesTheSources() {
        QVERIFY(sources("core").size() > 20);
        QVERIFY(!includes("core/base/json_parse.cpp").empty());
        QVERIFY(isQtHeader("QString") && isQtHeader("QtWidgets/QWidget") && !isQtHeader("Queue/x.h"));
        QVERIFY(isTorchHeader("ATen/ATen.h"));
    }

    // A source under another suffix would be seen by no check here.
    void sourcesAreHeadersAndCppFiles() {
        std::vector<std::string> complaints;
        for (const auto* folder : {"app", "core", "ui", "tests"})
            for (const auto& entry : fs::recursive_directory_iterator(attnviz::test::sourceDir() / folder))
                for (const auto* suffix : {".hpp", ".hh", ".hxx", ".cc", ".cxx", ".c", ".inl", ".ipp"})
                    if (entry.path().extension() == suffix)
                        complaints.push_back(entry.path().string() + ": sources are .h and .cpp");
        check(complaints);
    }

    void coreKnowsNoQtAndNothingAboveIt() {
        std::vector<std::string> complaints;
        for (const auto& file : sources("core"))
            for (const auto& line : includes(file)) {
                if (isQtHeader(line.text))
                    complaints.push_back(at(line) + ": core knows no Qt (" + line.text + ")");
                if (line.text.starts_with("ui/") || line.text.starts_with("app/"))
                    complaints.push_back(at(line) + ": core includes nothing above it (" + line.text + ")");
            }
        check(complaints);
    }

    void torchStaysInItsRoom() {
        std::vector<std::string> complaints;
        for (const auto* folder : {"app", "core", "ui", "tests"})
            for (const auto& file : sources(folder)) {
                if (startsWith(file, "core/torch/")) continue;
                for (const auto& line : includes(file)) {
                    if (isTorchHeader(line.text))
                        complaints.push_back(at(line) + ": only core/torch/ includes LibTorch (" + line.text +
                                             ")");
                    if (line.text.starts_with("core/torch/") && !startsWith(file, "tests/core/torch/"))
                        complaints.push_back(at(line) +
                                             ": the module is reached through core/model/engine.h");
                }
            }
        check(complaints);
    }

    void uiKnowsNoCommandAndPanesDoNotKnowEachOther() {
        std::vector<std::string> complaints;
        for (const auto& file : sources("ui"))
            for (const auto& line : includes(file)) {
                if (line.text.starts_with("app/"))
                    complaints.push_back(at(line) + ": ui includes nothing of app");
                const bool pane = startsWith(file, "ui/panes/") &&
                                  file.filename().string().find("_pane.") != std::string::npos;
                if (pane && line.text.find("_pane.h") != std::string::npos)
                    complaints.push_back(at(line) + ": panes talk to the workspace, never to each other");
            }
        check(complaints);
    }

    // "One file, one row": the descriptor that a file defines stands in its table.
    void everyVariantHasItsRow_data() {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("suffix");
        QTest::addColumn<QString>("table");
        QTest::newRow("families") << "core/torch"
                                  << "_family.cpp"
                                  << "core/torch/families.cpp";
        QTest::newRow("analyses") << "core/analysis"
                                  << "_analysis.cpp"
                                  << "core/analysis/analyses.cpp";
        QTest::newRow("exporters") << "core/exporting"
                                   << "_exporter.cpp"
                                   << "core/exporting/exporters.cpp";
        QTest::newRow("figures") << "ui/exporting"
                                 << "_exporter.cpp"
                                 << "ui/exporting/figure_exporters.cpp";
        QTest::newRow("drawn analyses") << "ui/exporting/figures"
                                        << "_figure.cpp"
                                        << "ui/exporting/figures/analysis_figures.cpp";
        QTest::newRow("panes") << "ui/panes"
                               << "_pane.cpp"
                               << "ui/panes/panes.cpp";
        QTest::newRow("commands") << "app"
                                  << "_command.cpp"
                                  << "app/commands.cpp";
    }
    void everyVariantHasItsRow() {
        QFETCH(QString, folder);
        QFETCH(QString, suffix);
        QFETCH(QString, table);
        static const std::regex kDescriptor(R"(^(?:extern )?const \w+Descriptor (k\w+)\b)");
        std::ifstream stream(attnviz::test::sourceDir() / table.toStdString());
        const std::string rows((std::istreambuf_iterator<char>(stream)), {});
        std::vector<std::string> complaints;
        for (const auto& file : sources(folder.toStdString())) {
            if (!QString::fromStdString(file.filename().string()).endsWith(suffix)) continue;
            std::set<std::string> names;
            eachLine(file, [&](const Line& line) {
                std::smatch match;
                if (std::regex_search(line.text, match, kDescriptor)) names.insert(match[1]);
            });
            if (names.empty())
                complaints.push_back(file.generic_string() + ": defines no const …Descriptor k…");
            for (const auto& name : names)
                if (!std::regex_search(rows, std::regex("&\\s*" + name + "\\b")))
                    complaints.push_back(file.generic_string() + ": " + name + " has no row in " +
                                         table.toStdString());
        }
        check(complaints);
    }

    void noRoomIsAHall() {
        std::vector<std::string> complaints;
        for (const auto* folder : {"app", "core", "ui", "tests"})
            for (const auto& file : sources(folder)) {
                int lines = 0;
                eachLine(file, [&](const Line&) { ++lines; });
                if (lines > 500)
                    complaints.push_back(file.generic_string() + ": " + std::to_string(lines) +
                                         " lines; split it by subject");
            }
        check(complaints);
    }

    void everyHeaderSaysWhatItIs() {
        std::vector<std::string> complaints;
        for (const auto* folder : {"app", "core", "ui"})
            for (const auto& file : sources(folder)) {
                if (file.extension() != ".h") continue;
                bool first = true;
                eachLine(file, [&](const Line& line) {
                    if (first && !line.text.starts_with("//"))
                        complaints.push_back(at(line) +
                                             ": a header opens with what it is and what it promises");
                    first = false;
                });
            }
        check(complaints);
    }

    void nothingIsUnfinishedByItsOwnWords() {
        static const std::regex kUnfinished(R"(\b(TODO|FIXME|XXX|HACK)\b)");
        std::vector<std::string> complaints;
        for (const auto* folder : {"app", "core", "ui"})
            for (const auto& file : sources(folder))
                eachLine(file, [&](const Line& line) {
                    if (std::regex_search(line.text, kUnfinished))
                        complaints.push_back(at(line) + ": " + line.text);
                });
        check(complaints);
    }
};

QTEST_GUILESS_MAIN(LayeringTest)
#include "layering_test.moc"
