// A field for a list of layers or heads: "0–11", "0,3,6-8". What cannot be understood is said in a tooltip
// and by the field's colour, and the last good list stays.
#pragma once

#include <QLineEdit>
#include <vector>

namespace attnviz::ui {

class IndexField final : public QLineEdit {
    Q_OBJECT
 public:
    // `what` is "layer" or "head".
    IndexField(const char* what, const QString& name, QWidget* parent = nullptr);
    // How many there are; the list becomes all of them where it was all before, else what is left of it.
    void setCount(int count);
    void setIndices(std::vector<int> indices);                     // without a signal
    const std::vector<int>& indices() const { return m_indices; }  // ascending, never empty (but of none)

 signals:
    void indicesChosen(const std::vector<int>& indices);

 private:
    void read();
    void showIndices();
    const char* m_what;
    int m_count = 0;
    std::vector<int> m_indices;
};

}  // namespace attnviz::ui
